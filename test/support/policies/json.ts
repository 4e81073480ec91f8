/** JSON that may be changed. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
