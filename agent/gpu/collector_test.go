package gpu

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

const gpu0 = "gpu=0,uuid=GPU-0,model=Fake H100"

func TestAHealthyDeviceGivesEverySeriesInBaseUnits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		v := b.must()
		want := values{
			"gpu_info{" + gpu0 + ",driver_version=550.54.15,cuda_version=12.4,pci_bus_id=0000:00:00.0,architecture=hopper,compute_capability=9.0,vbios_version=1,mig=off}": 1,
			"gpu_last_read_timestamp_seconds{" + gpu0 + "}":         float64(time.Now().UnixMilli()) / 1000,
			"gpu_utilization_ratio{" + gpu0 + "}":                   0.5,
			"gpu_memory_utilization_ratio{" + gpu0 + "}":            0.25,
			"gpu_memory_bytes{" + gpu0 + ",state=total}":            1000,
			"gpu_memory_bytes{" + gpu0 + ",state=used}":             250,
			"gpu_memory_bytes{" + gpu0 + ",state=free}":             700,
			"gpu_memory_bytes{" + gpu0 + ",state=reserved}":         50,
			"gpu_power_watts{" + gpu0 + "}":                         300,
			"gpu_power_limit_watts{" + gpu0 + "}":                   700,
			"gpu_temperature_celsius{" + gpu0 + "}":                 50,
			"gpu_memory_temperature_celsius{" + gpu0 + "}":          60,
			"gpu_clock_hertz{" + gpu0 + ",clock=graphics}":          1e9,
			"gpu_clock_hertz{" + gpu0 + ",clock=sm}":                1e9,
			"gpu_clock_hertz{" + gpu0 + ",clock=memory}":            1e9,
			"gpu_clock_hertz{" + gpu0 + ",clock=video}":             1e9,
			"gpu_energy_joules_total{" + gpu0 + "}":                 12345,
			"gpu_ecc_errors_total{" + gpu0 + ",type=corrected}":     3,
			"gpu_ecc_errors_total{" + gpu0 + ",type=uncorrected}":   0,
			"gpu_pcie_bytes_total{" + gpu0 + ",direction=transmit}": 100, "gpu_pcie_bytes_total{" + gpu0 + ",direction=receive}": 200,
			"gpu_nvlink_bytes_total{" + gpu0 + ",direction=transmit}": 300, "gpu_nvlink_bytes_total{" + gpu0 + ",direction=receive}": 400,
			"gpu_remapped_rows{" + gpu0 + ",kind=correctable}": 1, "gpu_remapped_rows{" + gpu0 + ",kind=uncorrectable}": 0,
			"gpu_remapped_rows{" + gpu0 + ",kind=pending}": 0, "gpu_remapped_rows{" + gpu0 + ",kind=failure}": 0,
			"gpu_sm_activity_ratio{" + gpu0 + "}": 0.4, "gpu_sm_occupancy_ratio{" + gpu0 + "}": 0.3,
			"gpu_tensor_activity_ratio{" + gpu0 + "}": 0.2, "gpu_dram_activity_ratio{" + gpu0 + "}": 0.1,
		}
		for _, state := range occupancyNames {
			want["gpu_time_seconds_total{"+gpu0+",state="+state+"}"] = 0
		}
		for i, reason := range throttleNames {
			want["gpu_throttle_seconds_total{"+gpu0+",reason="+reason+"}"] = float64(i)
		}
		for _, e := range []string{
			"xid,severity=info", "xid,severity=warning", "xid,severity=critical", "ecc,severity=info", "ecc,severity=warning", "ecc,severity=critical",
			"lost,severity=critical", "reset,severity=critical", "remap,severity=warning", "remap,severity=critical", "thermal,severity=warning", "nvlink,severity=warning",
		} {
			want["gpu_health_events_total{"+gpu0+",kind="+e+"}"] = 0
		}
		require.Equal(t, want, v)
	})
}

// of says which series each reading gives.
var of = map[Reading][]string{
	Utilization: {"gpu_utilization_ratio", "gpu_time_seconds_total"}, Processes: {"gpu_time_seconds_total"}, Memory: {"gpu_memory_bytes", "gpu_memory_utilization_ratio"}, Power: {"gpu_power_watts"},
	PowerLimit: {"gpu_power_limit_watts"}, Temperature: {"gpu_temperature_celsius"}, MemoryTemperature: {"gpu_memory_temperature_celsius"},
	Clocks: {"gpu_clock_hertz"}, Energy: {"gpu_energy_joules_total"}, ECC: {"gpu_ecc_errors_total"}, Throttle: {"gpu_throttle_seconds_total"},
	PCIe: {"gpu_pcie_bytes_total"}, NVLink: {"gpu_nvlink_bytes_total"}, RemappedRows: {"gpu_remapped_rows"},
	Activity:           {"gpu_dram_activity_ratio", "gpu_sm_activity_ratio", "gpu_sm_occupancy_ratio", "gpu_tensor_activity_ratio"},
	ProcessUtilization: nil, // gives a part of the instance's share only
	atLayout:           nil,
}

func without(all, gone []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(gone, s) })
}

func TestAnUnsupportedReadingIsLeftOutAndRemembered(t *testing.T) {
	require.Len(t, of, int(readings)+1)
	for reading, names := range of {
		for _, code := range []Code{NotSupported, FunctionNotFound, Deprecated} {
			t.Run(reading.String()+" "+code.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := newFake(0)
					b := newBench(t, d)
					defer b.Close()
					all := b.must().live()
					d.fail(reading, code)
					before := d.called(reading)
					for range 3 {
						require.Equal(t, without(all, names), b.must().live())
					}
					require.Equal(t, before+1, d.called(reading), "asked once and not again")
					if reading == atLayout {
						return
					}
					d.setLayout(Layout{MIG: true})
					b.must()
					d.setLayout(Layout{})
					d.works()
					require.Equal(t, all, b.must().live(), "asked again after a change of MIG")
				})
			})
		}
	}
}

func TestADeniedReadingIsCountedAndSaidOnce(t *testing.T) {
	for reading, names := range of {
		t.Run(reading.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newFake(0)
				b := newBench(t, d)
				defer b.Close()
				all := b.must().live()
				d.fail(reading, NoPermission)
				for range 3 {
					v := b.must()
					require.Equal(t, append([]string{"agent_reading_denied_total"}, without(all, names)...), v.live())
					require.Equal(t, 1.0, v["agent_reading_denied_total{collector=gpu,reading="+reading.String()+"}"])
				}
				require.Equal(t, 1, b.logs.count("denied"))
				require.Equal(t, 1, b.logs.count("hint="))
				d.works()
				require.Contains(t, b.must(), "gpu_power_watts{"+gpu0+"}")
			})
		})
	}
}

func TestAnUnknownErrorOfOneReadingIsCountedAndCostsOnlyIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		all := b.must().live()
		d.fail(Power, Unknown)
		b.must()
		v := b.must()
		require.Equal(t, 2.0, v["agent_reading_errors_total{collector=gpu,reading=power,code=unknown}"])
		require.Equal(t, append([]string{"agent_reading_errors_total"}, without(all, of[Power])...), v.live())
		d.fail(Power, NotFound) // means that there is nothing at present
		require.Equal(t, 2.0, b.must()["agent_reading_errors_total{collector=gpu,reading=power,code=unknown}"])
		d.works()
		require.Equal(t, 300.0, b.must()["gpu_power_watts{"+gpu0+"}"])
	})
}

func TestWhatAReadingGaveBesideItsErrorIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.on(Clocks, func(s *Snapshot) error { s.Clocks[ClockSM].Set(2e9); return &Error{"clock", Unknown} })
		b := newBench(t, d)
		defer b.Close()
		v := b.must()
		require.Equal(t, 2e9, v["gpu_clock_hertz{"+gpu0+",clock=sm}"])
		require.NotContains(t, v, "gpu_clock_hertz{"+gpu0+",clock=memory}")
	})
}

func TestMarksForNotAvailableAreDropped(t *testing.T) {
	nan := func() float64 { var zero float64; return zero / zero }()
	for _, bad := range []float64{9223372036854775794, 1 << 63, -1, nan} {
		synctest.Test(t, func(t *testing.T) {
			d := newFake(0)
			for r := range readings {
				d.on(r, func(s *Snapshot) error {
					fill(r, s)
					for _, v := range []*Value{&s.Utilization, &s.MemoryUsed, &s.Power, &s.Temperature, &s.Energy, &s.SMActivity, &s.PCIeReceive, &s.Clocks[0]} {
						if v.OK {
							v.Set(bad)
						}
					}
					return nil
				})
			}
			b := newBench(t, d)
			defer b.Close()
			v := b.must()
			for _, key := range []string{"gpu_utilization_ratio{" + gpu0 + "}", "gpu_memory_utilization_ratio{" + gpu0 + "}", "gpu_memory_bytes{" + gpu0 + ",state=used}", "gpu_power_watts{" + gpu0 + "}",
				"gpu_temperature_celsius{" + gpu0 + "}", "gpu_energy_joules_total{" + gpu0 + "}", "gpu_sm_activity_ratio{" + gpu0 + "}", "gpu_pcie_bytes_total{" + gpu0 + ",direction=receive}", "gpu_clock_hertz{" + gpu0 + ",clock=graphics}"} {
				require.NotContains(t, v, key)
			}
			require.Equal(t, 1000.0, v["gpu_memory_bytes{"+gpu0+",state=total}"])
		})
	}
	var v Value
	v.SetCount(9223372036854775794, 1)
	require.False(t, v.OK)
	require.True(t, Sentinel32(0xffffffff))
	require.False(t, Sentinel32(700_000))
}

func TestALostDeviceLeavesIsCountedOnceAndComesBack(t *testing.T) {
	for code, kind := range map[Code]string{GPUIsLost: "lost", GPUNotFound: "lost", ResetRequired: "reset"} {
		t.Run(code.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d0, d1 := newFake(0), newFake(1)
				b := newBench(t, d0, d1)
				defer b.Close()
				all := b.must().live("uuid=GPU-1")
				began := float64(time.Now().UnixMilli()) / 1000
				d0.failAll(code)
				for range 40 { // ten minutes
					time.Sleep(15 * time.Second)
					v, err := b.round()
					require.ErrorContains(t, err, "GPU-0")
					require.ErrorContains(t, err, code.String())
					require.Empty(t, v.live("uuid=GPU-0"))
					require.Equal(t, all, v.live("uuid=GPU-1"), "the other device is read as ever")
					require.Equal(t, 1.0, v["gpu_health_events_total{"+gpu0+",kind="+kind+",severity=critical}"])
					require.Equal(t, began, v["gpu_last_read_timestamp_seconds{"+gpu0+"}"])
				}
				// 5 s, 10 s, 20 s, … 5 min: a few attempts, not one each round.
				require.LessOrEqual(t, b.source.opened(), 8)
				require.GreaterOrEqual(t, b.source.opened(), 5)
				d0.works()
				time.Sleep(6 * time.Minute)
				b.must()
				require.Equal(t, all, b.must().live("uuid=GPU-0"))
				d0.failAll(code)
				v, err := b.round()
				require.Error(t, err)
				require.Equal(t, 2.0, v["gpu_health_events_total{"+gpu0+",kind="+kind+",severity=critical}"])
			})
		})
	}
}

func TestADeviceThatCannotBeListedIsNamedAndTheOthersAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		b.source.devicesErr = fmt.Errorf("gpu 1: %w", &Error{"nvmlDeviceGetHandleByIndex", GPUIsLost})
		v, err := b.round()
		require.ErrorContains(t, err, "gpu 1: nvmlDeviceGetHandleByIndex: gpu_is_lost")
		require.Contains(t, v, "gpu_power_watts{"+gpu0+"}")
		b.source.mu.Lock()
		b.source.devicesErr = nil
		b.source.mu.Unlock()
		time.Sleep(time.Minute)
		b.must()
	})
}

func TestADriverCallThatHangsCostsOneDeviceOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d0, d1 := newFake(0), newFake(1)
		b := newBench(t, d0, d1)
		defer b.Close()
		all := b.must().live("uuid=GPU-0")
		read := time.Now()
		time.Sleep(time.Second)
		d0.on(Energy, func(s *Snapshot) error { time.Sleep(30 * time.Second); fill(Energy, s); return nil })
		hung := time.Now()
		calls := d0.called(Energy)
		for time.Since(hung) < 29*time.Second {
			start := time.Now()
			v, err := b.round()
			require.LessOrEqual(t, time.Since(start), 5*time.Second)
			require.ErrorContains(t, err, "gpu 0 (GPU-0): the driver has not answered for")
			require.ErrorContains(t, err, "reading energy")
			require.NotContains(t, err.Error(), "GPU-1")
			require.Empty(t, v.live("uuid=GPU-0"))
			require.Equal(t, all, v.live("uuid=GPU-1"))
			require.Equal(t, float64(read.UnixMilli())/1000, v["gpu_last_read_timestamp_seconds{"+gpu0+"}"])
			require.Equal(t, calls+1, d0.called(Energy), "a call that hangs is not multiplied")
			time.Sleep(time.Second)
		}
		d0.works()
		time.Sleep(3 * time.Second)
		require.Equal(t, all, b.must().live("uuid=GPU-0"))
		require.Equal(t, 1, b.source.opened())
		require.Equal(t, 1, b.logs.count("gpu answers again"))
	})
}

func TestCloseDoesNotWaitForeverNorCloseUnderARunningCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		b.must()
		d.on(Power, func(*Snapshot) error { time.Sleep(time.Hour); return nil })
		_, err := b.round()
		require.Error(t, err)
		start := time.Now()
		require.ErrorContains(t, b.Close(), "reading power")
		require.LessOrEqual(t, time.Since(start), closeTimeout)
		require.True(t, b.source.isOpen)
		close(b.conn.watcher.quit) // the test's own end: what Close had to leave
		time.Sleep(2 * time.Hour)
	})
}

func TestARoundKeepsToItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		b.must()
		d.on(Power, func(s *Snapshot) error { time.Sleep(2 * time.Second); fill(Power, s); return nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.Error(t, b.Collect(ctx, &agent.Round{Time: start}))
		require.Equal(t, 900*time.Millisecond, time.Since(start))
	})
}

func TestAPanicOfTheBindingIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d0, d1 := newFake(0), newFake(1)
		b := newBench(t, d0, d1)
		defer b.Close()
		b.must()
		d0.on(Clocks, func(*Snapshot) error { panic("symbol lookup") })
		v, err := b.round()
		require.ErrorContains(t, err, "symbol lookup")
		require.NotEmpty(t, v.live("uuid=GPU-1"))
	})
}

func TestCountersThatBeginAnewPassThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		require.Equal(t, 12345.0, b.must()["gpu_energy_joules_total{"+gpu0+"}"])
		// The driver is reloaded: first nothing is initialised, then counters begin at 0.
		d.failAll(Uninitialized)
		_, err := b.round()
		require.ErrorContains(t, err, "uninitialized")
		d.works()
		d.on(Energy, func(s *Snapshot) error { s.Energy.Set(7); return nil })
		time.Sleep(15 * time.Second)
		require.Equal(t, 7.0, b.must()["gpu_energy_joules_total{"+gpu0+"}"])
		require.Equal(t, 2, b.source.opened())
	})
}

func TestRisesAreHealthEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		b.must()
		for r, f := range map[Reading]func(*Snapshot) error{
			RemappedRows: func(s *Snapshot) error { s.RowsPending.Set(1); s.RowsFailure.Set(1); return nil },
			Throttle:     func(s *Snapshot) error { s.Throttle[ThrottleHardwareThermal].Set(9); return nil },
			NVLink:       func(s *Snapshot) error { s.NVLinkRecoveries.Set(4); return nil },
		} {
			d.on(r, f)
		}
		for range 3 {
			v := b.must()
			for _, e := range []string{"kind=remap,severity=warning", "kind=remap,severity=critical", "kind=thermal,severity=warning", "kind=nvlink,severity=warning"} {
				require.Equal(t, 1.0, v["gpu_health_events_total{"+gpu0+","+e+"}"], e)
			}
		}
	})
}
