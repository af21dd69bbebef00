package main

import (
	"context"
	"fmt"
	"strings"
)

// perPeriod is what a child copies in each tenth of a second, in MiB: far more than what else goes over PCIe.
const perPeriod = 4 * chunk

// overMeasured is how far the count of PCIe may be from what was copied: packets have headers, and reads have requests.
const overMeasured = 0.3

// copies lets the first child copy to the GPU and then from it, and compares with gpu_pcie_bytes_total.
func (t *bench) copies(ctx context.Context) error {
	if err := t.second.set(load{}); err != nil {
		return err
	}
	for _, c := range []struct {
		name, counted, other string
		load                 load
	}{
		{"A copies to the GPU", "receive", "transmit", load{up: perPeriod}},
		{"A copies from the GPU", "transmit", "receive", load{down: perPeriod}},
	} {
		if err := t.first.set(c.load); err != nil {
			return err
		}
		if _, err := t.phaseOf(ctx, c.name+": settles", 1); err != nil {
			return err
		}
		up, down, err := t.first.copied()
		if err != nil {
			return err
		}
		before, counted := t.a.pcie(c.counted)
		otherBefore, _ := t.a.pcie(c.other)
		if _, err := t.phase(ctx, c.name); err != nil {
			return err
		}
		upAfter, downAfter, err := t.first.copied()
		if err != nil {
			return err
		}
		copied := upAfter - up + downAfter - down
		if !counted {
			fmt.Fprintf(t.out, "  gpu_pcie_bytes_total is absent: neither the driver nor the performance counters tell (%.0f MiB were copied)\n", copied/(1<<20))
			continue
		}
		after, _ := t.a.pcie(c.counted)
		otherAfter, _ := t.a.pcie(c.other)
		t.copiedAs(c.counted, copied, after-before, otherAfter-otherBefore)
	}
	return nil
}

// copiedAs compares what was copied with what was counted in its direction and in the other one.
func (t *bench) copiedAs(direction string, copied, counted, other float64) {
	t.expect(fmt.Sprintf("%s counts %.0f MiB ± %.0f%% (got %.1f MiB, other direction %.1f MiB)", direction, copied/(1<<20), overMeasured*100, counted/(1<<20), other/(1<<20)),
		copied > 0 && counted >= (1-overMeasured)*copied && counted <= (1+overMeasured)*copied)
	t.expect("the other direction counts less than half of it", other < copied/2)
}

// pcie returns the count of one direction of the first GPU.
func (i *instance) pcie(direction string) (float64, bool) {
	for key, v := range i.round {
		if strings.HasPrefix(key, "gpu_pcie_bytes_total{gpu=0,") && strings.HasSuffix(key, ",direction="+direction+"}") {
			return v, true
		}
	}
	return 0, false
}
