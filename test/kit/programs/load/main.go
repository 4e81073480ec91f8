// Load uses as much processor time and memory as it is told to, until it gets a signal.
//
//	load --cpu 40 --memory 64Mi
//	load --follow http://10.77.0.1:8000/
//
// --cpu is percent of one core (250 is two and a half cores), --memory is what stays resident, --leak is how much more of it
// each second. With --follow the percentage is what a server answers, which is asked each second; while it does not answer, all
// stays as it was. Without flags it only waits, which is all the first process of a pod sandbox has to do.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// A slice of time in which each worker is busy for its share: short against the 100 ms period of the CFS quota.
const slice = 10 * time.Millisecond

// How long a worker sleeps that has nothing to do.
const idle = 100 * time.Millisecond

// The cores to use, as the bits of a float64.
var cores atomic.Uint64

func main() {
	cpu := flag.Float64("cpu", 0, "processor time to use, in percent of one core")
	follow := flag.String("follow", "", "URL that answers, each second, with the processor time to use from then on")
	memory := flag.String("memory", "0", "memory to keep resident: bytes, or with a suffix Ki, Mi, Gi")
	leak := flag.String("leak", "0", "memory to keep besides, more of it each second: likewise")
	flag.Parse()

	size, err := bytes(*memory)
	leaked, leakErr := bytes(*leak)
	if err := errors.Join(err, leakErr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Printf("load: cpu %g%% of a core, memory %s\n", *cpu, *memory)

	held := [][]byte{resident(size)}
	cores.Store(math.Float64bits(*cpu / 100))
	workers := int(math.Ceil(*cpu / 100))
	if *follow != "" {
		workers = max(workers, runtime.NumCPU())
		go ask(*follow)
	}
	for worker := range workers {
		go burn(worker)
	}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	again := time.Tick(30 * time.Second)
	more := time.Tick(time.Second)
	for {
		select {
		case <-stop:
			return
		case <-again:
			// Written again, so that the pages stay in the working set.
			for _, memory := range held {
				touch(memory)
			}
		case <-more:
			if leaked > 0 {
				held = append(held, resident(leaked))
			}
		}
	}
}

func resident(size int) []byte {
	memory := make([]byte, size)
	touch(memory)
	return memory
}

func touch(memory []byte) {
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i]++
	}
}

// ask keeps cores at what a server says.
func ask(url string) {
	client := http.Client{Timeout: time.Second}
	for range time.Tick(time.Second) {
		answer, err := client.Get(url)
		if err != nil {
			continue
		}
		body, err := io.ReadAll(io.LimitReader(answer.Body, 64))
		answer.Body.Close()
		percent, notNumber := strconv.ParseFloat(strings.TrimSpace(string(body)), 64)
		if errors.Join(err, notNumber) == nil && answer.StatusCode == http.StatusOK {
			cores.Store(math.Float64bits(percent / 100))
		}
	}
}

// burn uses what is left of the cores after one for each worker before.
func burn(worker int) {
	for {
		share := min(math.Float64frombits(cores.Load())-float64(worker), 1)
		if share <= 0 {
			time.Sleep(idle)
			continue
		}
		start := time.Now()
		for time.Since(start) < time.Duration(share*float64(slice)) {
		}
		// Late wake-ups are not made up for: a throttled process would otherwise run without a pause.
		time.Sleep(slice - time.Since(start))
	}
}

func bytes(text string) (int, error) {
	units := map[string]int{"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
	for suffix, unit := range units {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			n, err := strconv.Atoi(number)
			return n * unit, err
		}
	}
	return strconv.Atoi(text)
}
