module optipod.io/test/kit/programs/load

go 1.25
