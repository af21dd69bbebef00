package gpu

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWithoutADriverItSaysSoOnceAndGoesOn(t *testing.T) {
	for name, cause := range map[string]error{
		"no library": &Error{"nvmlInit", LibraryNotFound}, "no driver": &Error{"nvmlInit", DriverNotLoaded}, "not built": fmt.Errorf("open: %w", ErrNotBuilt),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, newFake(0))
				defer b.Close()
				b.source.open = func() error { return cause }
				for range 4 * 60 { // an hour of rounds
					require.Empty(t, b.must())
					time.Sleep(15 * time.Second)
				}
				require.Equal(t, 1, b.logs.count("no GPU on this machine"))
				require.Equal(t, 1, b.logs.count("\n"), "nothing else is said")
				require.LessOrEqual(t, b.source.opened(), 13)
				require.GreaterOrEqual(t, b.source.opened(), 11)
				// A driver is installed.
				b.source.mu.Lock()
				b.source.open = nil
				b.source.mu.Unlock()
				time.Sleep(5 * time.Minute)
				require.Contains(t, b.must(), "gpu_power_watts{"+gpu0+"}")
				require.Equal(t, 1, b.logs.count("found GPUs"))
				// It is removed: now that is a failure.
				b.source.mu.Lock()
				b.source.open = func() error { return cause }
				b.source.mu.Unlock()
				b.source.devices[0].failAll(Uninitialized)
				_, err := b.round()
				require.Error(t, err)
				time.Sleep(time.Minute)
				_, err = b.round()
				require.ErrorIs(t, err, cause)
			})
		})
	}
}

func TestADriverWithoutDevicesIsAlsoNoGPU(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.Close()
		for range 100 {
			require.Empty(t, b.must())
			time.Sleep(15 * time.Second)
		}
		require.Equal(t, 1, b.logs.count("\n"))
		b.source.mu.Lock()
		b.source.devices = []*fakeDevice{newFake(0)}
		b.source.mu.Unlock()
		time.Sleep(2 * time.Minute)
		b.must()
		time.Sleep(15 * time.Second)
		require.NotEmpty(t, b.must().live("uuid=GPU-0"))
	})
}

func TestAnUpgradedDriverIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		b.must()
		time.Sleep(time.Minute)
		d.failAll(LibRMVersionMismatch)
		b.source.mu.Lock()
		b.source.open = func() error { return &Error{"nvmlInit", LibRMVersionMismatch} }
		b.source.mu.Unlock()
		for range 100 {
			_, err := b.round()
			require.ErrorContains(t, err, "lib_rm_version_mismatch")
			time.Sleep(15 * time.Second)
		}
		require.Equal(t, 1, b.logs.count("Reload the module or reboot"))
		require.LessOrEqual(t, b.source.opened(), 14)
		b.source.mu.Lock()
		b.source.open = nil
		b.source.mu.Unlock()
		d.works()
		time.Sleep(5 * time.Minute)
		require.NotEmpty(t, b.must().live("uuid=GPU-0"))
	})
}

func TestAnotherDriverVersionOrAnotherDeviceMeansToBeginAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.fail(PCIe, NotSupported)
		b := newBench(t, d)
		defer b.Close()
		b.must()
		d.works()
		b.source.mu.Lock()
		b.source.driver.Version = "560.1"
		b.source.mu.Unlock()
		time.Sleep(2 * time.Minute)
		b.must()
		time.Sleep(15 * time.Second)
		v := b.must()
		require.Contains(t, v, "gpu_pcie_bytes_total{"+gpu0+",direction=receive}", "another driver is asked everything again")
		require.Equal(t, 2, b.source.opened())

		b.source.mu.Lock()
		b.source.devices = append(b.source.devices, newFake(1))
		b.source.mu.Unlock()
		time.Sleep(2 * time.Minute)
		b.must()
		time.Sleep(15 * time.Second)
		require.NotEmpty(t, b.must().live("uuid=GPU-1"))
	})
}

func TestADeviceThatAnswersNothingButErrorsMakesItBeginAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		b.must()
		d.failAll(Unknown)
		_, err := b.round()
		require.ErrorContains(t, err, "unknown")
		d.works()
		time.Sleep(10 * time.Second)
		b.must()
		require.Equal(t, 2, b.source.opened())
	})
}

func TestAnOpenThatHangsIsNotMultiplied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		b.source.open = func() error { time.Sleep(30 * time.Second); return nil }
		for range 5 {
			start := time.Now()
			v, err := b.round()
			require.ErrorContains(t, err, "open and list")
			require.LessOrEqual(t, time.Since(start), 5*time.Second)
			require.Empty(t, v)
		}
		time.Sleep(10 * time.Second)
		require.NotEmpty(t, b.must().live("uuid=GPU-0"))
		require.Equal(t, 1, b.source.opened())
	})
}

func TestTheLibraryIsNotClosedUnderAHungDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d0, d1 := newFake(0), newFake(1)
		b := newBench(t, d0, d1)
		defer b.Close()
		b.must()
		d0.on(Power, func(*Snapshot) error { time.Sleep(time.Minute); return nil })
		_, err := b.round()
		require.Error(t, err)
		d1.fail(Power, GPUIsLost)
		for range 5 {
			_, err = b.round()
			require.ErrorContains(t, err, "gpu_is_lost")
			require.Equal(t, 1, b.source.opened())
			time.Sleep(5 * time.Second)
		}
		d0.works()
		d1.works()
		time.Sleep(time.Minute)
		b.must()
		require.Equal(t, 2, b.source.opened())
	})
}

func TestAListThatHangsCostsNoReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		all := b.must().live()
		time.Sleep(time.Minute)
		b.source.slow = 70 * time.Second
		begin := time.Now()
		require.Equal(t, all, b.must().live())
		synctest.Wait()
		b.source.slow = 0
		for range 4 {
			time.Sleep(15 * time.Second)
			v, err := b.round()
			require.ErrorContains(t, err, "open and list")
			require.Equal(t, all, v.live())
		}
		require.Equal(t, time.Minute, time.Since(begin), "no round waits for it")
		time.Sleep(15 * time.Second)
		require.Equal(t, all, b.must().live())
	})
}
