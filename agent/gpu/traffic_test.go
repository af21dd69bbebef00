package gpu

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

const (
	pcieOut, pcieIn     = "gpu_pcie_bytes_total{" + gpu0 + ",direction=transmit}", "gpu_pcie_bytes_total{" + gpu0 + ",direction=receive}"
	nvlinkOut, nvlinkIn = "gpu_nvlink_bytes_total{" + gpu0 + ",direction=transmit}", "gpu_nvlink_bytes_total{" + gpu0 + ",direction=receive}"
)

// uncounted is a device whose driver has no counter of PCIe and NVLink. Move says what moved in the interval that ends.
func uncounted() (d *fakeDevice, move func(window time.Duration, pcieOut, pcieIn float64, nvlink ...float64)) {
	d = newFake(0)
	d.fail(PCIe, NotSupported)
	d.on(NVLink, func(s *Snapshot) error { s.NVLinkRecoveries.Set(0); return nil }) // a part of the reading is there
	return d, func(window time.Duration, out, in float64, nvlink ...float64) {
		d.on(Activity, func(s *Snapshot) error {
			if s.Window = window; window == 0 {
				return &Error{"gpm", NoData}
			}
			s.PCIeTransmitted.Set(out)
			s.PCIeReceived.Set(in)
			if len(nvlink) == 2 {
				s.NVLinkTransmitted.Set(nvlink[0])
				s.NVLinkReceived.Set(nvlink[1])
			}
			return nil
		})
	}
}

func TestTrafficIsCountedWhereTheDriverDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, move := uncounted()
		b := newBench(t, d)
		defer b.Close()
		absent := func(v values) {
			t.Helper()
			for _, key := range []string{pcieOut, pcieIn, nvlinkOut, nvlinkIn} {
				require.NotContains(t, v, key)
			}
		}
		move(0, 0, 0)
		absent(b.must())
		time.Sleep(15 * time.Second)
		move(15*time.Second, 100, 1000)
		r := &agent.Round{Time: time.Now()}
		require.NoError(t, b.Collect(t.Context(), r))
		starts := 0
		for _, reading := range r.Readings {
			if reading.Desc.Name == "gpu_pcie_bytes_total" {
				require.Equal(t, time.Now().Add(-15*time.Second), reading.Start, "since the first of the two samples")
				starts++
			}
		}
		require.Equal(t, 2, starts)
		v := valuesOf(t, b.Collector, r)
		require.Equal(t, 100.0, v[pcieOut])
		require.Equal(t, 1000.0, v[pcieIn])
		require.NotContains(t, v, nvlinkOut, "it has no links")

		time.Sleep(15 * time.Second)
		move(15*time.Second, 1, 2, 0, 0)
		v = b.must()
		require.Equal(t, []float64{101, 1002, 0, 0}, []float64{v[pcieOut], v[pcieIn], v[nvlinkOut], v[nvlinkIn]}, "links that are quiet")
		require.Contains(t, v, nvlinkOut)
		time.Sleep(15 * time.Second)
		move(15*time.Second, 0, 0, 5, 7)
		v = b.must()
		require.Equal(t, []float64{101, 1002, 5, 7}, []float64{v[pcieOut], v[pcieIn], v[nvlinkOut], v[nvlinkIn]})

		// A round without an answer has no series; the next one goes on from where it was.
		time.Sleep(15 * time.Second)
		move(0, 0, 0)
		absent(b.must())
		time.Sleep(15 * time.Second)
		move(15*time.Second, 9, 8, 1, 1)
		v = b.must()
		require.Equal(t, []float64{110, 1010, 6, 8}, []float64{v[pcieOut], v[pcieIn], v[nvlinkOut], v[nvlinkIn]})

		// A driver that begins to count does not change a series that has begun.
		time.Sleep(15 * time.Second)
		d.on(NVLink, nil)
		v = b.must()
		require.Equal(t, []float64{119, 1018, 7, 9}, []float64{v[pcieOut], v[pcieIn], v[nvlinkOut], v[nvlinkIn]})
	})
}

func TestTheDriversCountersOfTrafficStand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, move := uncounted()
		d.on(PCIe, nil)
		move(15*time.Second, 1, 1)
		b := newBench(t, d)
		defer b.Close()
		v := b.must()
		require.Equal(t, []float64{100, 200}, []float64{v[pcieOut], v[pcieIn]})
		d.fail(PCIe, Unknown) // once it has counted, ours does not take over
		time.Sleep(15 * time.Second)
		require.NotContains(t, b.must(), pcieOut)
	})
}

func TestCountersOfTrafficThatNeverMoveDoNotWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, move := uncounted()
		b := newBench(t, d)
		defer b.Close()
		move(15*time.Second, 0, 0)
		b.must()
		time.Sleep(15 * time.Second)
		require.NotContains(t, b.must(), pcieOut, "PCIe carries our own questions")
		// A reading that failed is no reason to count: the driver may have a counter.
		e, move := uncounted()
		e.fail(PCIe, Unknown)
		move(15*time.Second, 5, 5)
		c := newBench(t, e)
		defer c.Close()
		require.NotContains(t, c.must(), pcieOut)
	})
}

// An answer that comes too late for its round has moved bytes nonetheless.
func TestTrafficOfALateAnswerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, move := uncounted()
		b := newBench(t, d)
		defer b.Close()
		move(15*time.Second, 10, 20)
		b.must()
		release := make(chan struct{})
		d.on(Power, func(*Snapshot) error { <-release; return nil })
		time.Sleep(15 * time.Second)
		_, err := b.round()
		require.ErrorContains(t, err, "has not answered")
		close(release)
		d.on(Power, nil)
		synctest.Wait()
		move(15*time.Second, 1, 2)
		time.Sleep(15 * time.Second)
		v := b.must()
		require.Equal(t, []float64{21, 42}, []float64{v[pcieOut], v[pcieIn]})
	})
}
