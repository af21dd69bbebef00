package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/internal/subproc"
)

// measurement is what one run of one server with one load gave.
type measurement struct {
	SamplesPerSecond  float64
	RequestsPerSecond float64
	LaterPerSecond    float64 // requests/s without those that created series
	CPU               float64 // server CPU seconds per million samples, while the load ran
	SettledCPU        float64 // the same with the pause afterwards
	P50, P99, Slowest float64 // acknowledgement times, ms; of the fleet load without the requests that created series
	RSS               float64 // peak, MiB, before anything was asked
	Disk              float64 // bytes allocated per sample after the pause
	Others            float64 // cores that processes other than the server and this one used while the load ran
	Steal             float64 // cores that the hypervisor withheld meanwhile
}

// patience is how long a server may take to show what it has acknowledged; VictoriaMetrics needs seconds.
const patience = 15 * time.Second

// measure runs one server on l, alone, and takes it down again. It fails when a request is refused or a sample is missing.
func measure(ctx context.Context, s server, proto proto, l *load, settle time.Duration, work string) (measurement, error) {
	p, addr, dir, err := s.start(ctx, work)
	if err != nil {
		return measurement{}, err
	}
	defer func() {
		p.Kill()
		_ = os.RemoveAll(dir) // the next start empties it, too
	}()

	runtime.GC()
	before, err := kit.ReadUsage(p)
	if err != nil {
		return measurement{}, err
	}
	pushed, err := push(ctx, addr, s.path, proto, l)
	if err != nil {
		return measurement{}, err
	}
	after, err := kit.ReadUsage(p)
	if err != nil {
		return measurement{}, fmt.Errorf("%w\n%s", err, p.Tail())
	}
	if pushed.failed > 0 {
		return measurement{}, fmt.Errorf("%d of %d requests failed, the first with: %w\n%s", pushed.failed, l.requests(), pushed.failure, p.Tail())
	}
	if err := sleep(ctx, settle); err != nil {
		return measurement{}, err
	}
	settled, err := p.CPU()
	if err != nil {
		return measurement{}, err
	}
	rss, err := p.PeakRSS()
	if err != nil {
		return measurement{}, err
	}
	disk, err := subproc.DiskUsage(dir)
	if err != nil {
		return measurement{}, err
	}
	if err := verify(ctx, addr, l, patience); err != nil {
		return measurement{}, err
	}

	acks := pushed.acks
	if l.plan.name == "fleet" {
		acks = pushed.laterAcks
	}
	wall, millions := pushed.wall.Seconds(), float64(l.samples)/1e6
	server, own := after.Servers-before.Servers, after.Own-before.Own
	return measurement{
		SamplesPerSecond: float64(l.samples) / wall, RequestsPerSecond: float64(l.requests()) / wall, LaterPerSecond: pushed.laterRate,
		CPU: server.Seconds() / millions, SettledCPU: (settled - before.Servers).Seconds() / millions,
		P50: ms(quantile(acks, 0.5)), P99: ms(quantile(acks, 0.99)), Slowest: ms(pushed.acks[len(pushed.acks)-1]),
		RSS: float64(rss) / (1 << 20), Disk: float64(disk) / float64(l.samples),
		Others: max(0, (after.Machine.Busy-before.Machine.Busy-server-own).Seconds()/wall),
		Steal:  (after.Machine.Steal - before.Machine.Steal).Seconds() / wall,
	}, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// sleep waits for d or for ctx's end, which is an error.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
