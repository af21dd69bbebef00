package gpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// SimulatedModel is the value of the label model on every series of a simulated GPU. It begins with "Simulated" so that nobody
// takes such a series for a measurement.
const SimulatedModel = "Simulated H100 80GB (no hardware)"

// SimulateConfig says what a simulated source shows.
type SimulateConfig struct {
	Devices int    // how many GPUs; at least 1
	Idle    int    // how many of them, the last ones, are held by a process that never works
	Shared  bool   // another instance holds a part of each GPU that works
	Seed    uint64 // the same seed gives the same values at the same instants
	Start   time.Time
}

// The processes that hold simulated GPUs. Linux has no process with such a number.
const (
	simulatedPID      = 1<<22 + 1
	simulatedStranger = 1<<22 + 2
	strangersPart     = 0.3 // of the work and of the memory, where a GPU is shared
)

// SimulatedPids returns the processes of the instance on simulated GPUs, for Settings.Pids.
func SimulatedPids() []int { return []int{simulatedPID} }

// NewSimulated returns a source of synthetic GPUs that look like busy H100s: for demonstrations and for tests of what is shown,
// on machines without a GPU. Every value is a function of the seed and the clock, so it does not matter how often it is read;
// counters are the exact integrals of the rates that the gauges show, and begin at Start (now, if it is zero). UUIDs and models
// say that it is simulated.
func NewSimulated(cfg SimulateConfig) Source {
	s := &simulated{start: cfg.Start}
	if s.start.IsZero() {
		s.start = time.Now()
	}
	for i := range max(cfg.Devices, 1) {
		rng := rand.New(rand.NewPCG(cfg.Seed, uint64(i)))
		d := &simulatedDevice{source: s, shared: cfg.Shared, info: Info{
			Index: i, UUID: fmt.Sprintf("GPU-SIMULATED-%016x-%d", cfg.Seed, i), Model: SimulatedModel,
			Architecture: "simulated", ComputeCapability: "9.0",
		}}
		d.weights = (38 + 8*rng.Float64()) * (1 << 30)
		s.devices = append(s.devices, d)
		if i >= max(cfg.Devices, 1)-cfg.Idle {
			continue
		}
		d.load = wave{mean: 0.5 + 0.1*rng.Float64()}
		for _, w := range []struct{ amplitude, period float64 }{{0.22, 900}, {0.1, 217}, {0.06, 61}} {
			d.load.parts = append(d.load.parts, sine{w.amplitude, 2 * math.Pi / (w.period * (0.9 + 0.2*rng.Float64())), 2 * math.Pi * rng.Float64()})
		}
	}
	return s
}

type simulated struct {
	start   time.Time
	devices []Device
}

func (s *simulated) Open() error                { return nil }
func (s *simulated) Close() error               { return nil }
func (s *simulated) Driver() (Driver, error)    { return Driver{Version: "simulated"}, nil }
func (s *simulated) Devices() ([]Device, error) { return append([]Device(nil), s.devices...), nil }

// Events returns NotSupported: simulated hardware has no faults.
func (s *simulated) Events([]Device) (Events, error) {
	return nil, &Error{Call: "simulated events", Code: NotSupported}
}

// sine is amplitude × sin(speed × t + phase), t in seconds.
type sine struct{ amplitude, speed, phase float64 }

// wave is a sum of sines around a mean.
type wave struct {
	mean  float64
	parts []sine
}

// at returns the value t seconds after the start.
func (w wave) at(t float64) float64 {
	v := w.mean
	for _, p := range w.parts {
		v += p.amplitude * math.Sin(p.speed*t+p.phase)
	}
	return v
}

// integral returns the integral from 0 to t.
func (w wave) integral(t float64) float64 {
	v := w.mean * t
	for _, p := range w.parts {
		v += p.amplitude / p.speed * (math.Cos(p.phase) - math.Cos(p.speed*t+p.phase))
	}
	return v
}

// simulatedDevice is one synthetic GPU. Its load stays between 0.1 and 0.98, or is 0 for an idle one.
type simulatedDevice struct {
	source  *simulated
	info    Info
	shared  bool
	load    wave
	weights float64 // bytes that the model's weights take
}

const (
	simulatedMemory     = 80 << 30
	simulatedReserved   = 600 << 20
	simulatedIdleWatts  = 95
	simulatedLoadWatts  = 560
	simulatedLimitWatts = 700
	simulatedThermalLag = 20 // seconds by which temperature follows load
	throttlePeriod      = 600.0
	throttleLength      = 12.0 // seconds of each period for which the power cap holds the clocks
	simulatedPCIe       = 6e9  // bytes per second at full load
	simulatedNVLink     = 80e9
)

func (d *simulatedDevice) Info() Info { return d.info }
func (d *simulatedDevice) Release()   {}
func (d *simulatedDevice) idle() bool { return d.load.mean == 0 }

// busy returns the share of time in which anything runs.
func (d *simulatedDevice) busy(load float64) float64 { return min(1, math.Round(105*load)/100) }

// used returns the bytes that the processes hold.
func (d *simulatedDevice) used(load float64) float64 { return d.weights + 0.4*load*simulatedMemory }

// processes lists those that hold the device.
func (d *simulatedDevice) processes(load float64, out *Snapshot) {
	used := math.Round(d.used(load))
	mine := used
	if d.shared && !d.idle() {
		mine = math.Round((1 - strangersPart) * used)
		out.Running = append(out.Running, Process{PID: simulatedStranger, Memory: Value{V: used - mine, OK: true}})
	}
	out.Running = append(out.Running, Process{PID: simulatedPID, Memory: Value{V: mine, OK: true}})
	out.Processes.Set(float64(len(out.Running)))
}

// Layout returns a device without MIG.
func (d *simulatedDevice) Layout() (Layout, error) { return Layout{}, nil }

// ReadSlice returns NotSupported: there are no slices.
func (d *simulatedDevice) ReadSlice(Slice, Reading, *Snapshot) error {
	return &Error{Call: "simulated slice", Code: NotSupported}
}

// Read fills the reading for this instant.
func (d *simulatedDevice) Read(reading Reading, out *Snapshot) error {
	t := max(time.Since(d.source.start).Seconds(), 0)
	load, work := d.load.at(t), d.load.integral(t)
	into := math.Mod(t, throttlePeriod) - (throttlePeriod - throttleLength) // seconds into the throttled part of a period
	throttled := into >= 0 && !d.idle()
	switch reading {
	case Utilization:
		out.Utilization.Set(d.busy(load))
	case Memory:
		used := d.used(load)
		out.MemoryTotal.Set(simulatedMemory)
		out.MemoryReserved.Set(simulatedReserved)
		out.MemoryUsed.Set(math.Round(used))
		out.MemoryFree.Set(math.Round(simulatedMemory - simulatedReserved - used))
	case Power:
		out.Power.Set(simulatedIdleWatts + simulatedLoadWatts*load)
	case PowerLimit:
		out.PowerLimit.Set(simulatedLimitWatts)
	case Temperature:
		out.Temperature.Set(math.Round(32 + 40*d.load.at(t-simulatedThermalLag)))
	case MemoryTemperature:
		out.MemoryTemperature.Set(math.Round(40 + 44*d.load.at(t-2*simulatedThermalLag)))
	case Clocks:
		sm := 1980e6
		if throttled {
			sm = 1410e6
		}
		out.Clocks[ClockGraphics].Set(sm)
		out.Clocks[ClockSM].Set(sm)
		out.Clocks[ClockMemory].Set(2619e6)
		out.Clocks[ClockVideo].Set(1545e6)
	case Energy:
		out.Energy.Set(simulatedIdleWatts*t + simulatedLoadWatts*work)
	case ECC:
		out.ECCCorrected.Set(0)
		out.ECCUncorrected.Set(0)
	case Throttle:
		held := math.Floor(t/throttlePeriod)*throttleLength + max(into, 0)
		if d.idle() {
			held = 0
		}
		out.Throttle[ThrottlePowerCap].Set(held)
		out.Throttle[ThrottleThermal].Set(0)
		out.Throttle[ThrottleHardwareThermal].Set(0)
		out.Throttle[ThrottlePowerBrake].Set(0)
	case PCIe:
		out.PCIeReceive.Set(math.Floor(simulatedPCIe * work))
		out.PCIeTransmit.Set(math.Floor(simulatedPCIe * work / 4))
	case NVLink:
		out.NVLinkReceive.Set(math.Floor(simulatedNVLink * work))
		out.NVLinkTransmit.Set(math.Floor(simulatedNVLink * work))
		out.NVLinkRecoveries.Set(0)
	case RemappedRows:
		out.RowsCorrectable.Set(0)
		out.RowsUncorrectable.Set(0)
		out.RowsPending.Set(0)
		out.RowsFailure.Set(0)
	case Processes:
		d.processes(load, out)
	case ProcessUtilization:
		out.Samples = []ProcessSample{}
		if busy := d.busy(load); busy > 0 {
			mine := busy
			if d.shared {
				mine = (1 - strangersPart) * busy
				out.Samples = append(out.Samples, ProcessSample{simulatedStranger, busy - mine})
			}
			out.Samples = append(out.Samples, ProcessSample{simulatedPID, mine})
		}
	case Activity:
		out.GraphicsActivity.Set(d.busy(load))
		out.SMActivity.Set(0.92 * load)
		out.SMOccupancy.Set(0.41 * load)
		out.TensorActivity.Set(0.63 * load)
		out.DRAMActivity.Set(0.74 * load)
	}
	return nil
}
