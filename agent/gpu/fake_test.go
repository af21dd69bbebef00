package gpu

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/agent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSource is a driver that follows a script.
type fakeSource struct {
	mu         sync.Mutex
	open       func() error // nil: works
	driver     Driver
	slow       time.Duration // how long it takes to tell the driver's version
	devices    []*fakeDevice
	devicesErr error
	eventsErr  error
	opens      []time.Time
	isOpen     bool
	stream     *fakeEvents
}

func (s *fakeSource) Open() error {
	s.mu.Lock()
	open := s.open
	s.opens = append(s.opens, time.Now())
	s.mu.Unlock()
	if open != nil {
		if err := open(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isOpen = true
	return nil
}

func (s *fakeSource) Driver() (Driver, error) {
	time.Sleep(s.slow)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.driver, nil
}

func (s *fakeSource) Devices() ([]Device, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Device
	for _, d := range s.devices {
		out = append(out, d)
	}
	return out, s.devicesErr
}

func (s *fakeSource) Events(devices []Device) (Events, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.eventsErr != nil {
		return nil, s.eventsErr
	}
	s.stream = &fakeEvents{queue: make(chan any, 1000)}
	for _, d := range devices {
		s.stream.watched = append(s.stream.watched, d.Info().UUID)
	}
	return s.stream, nil
}

func (s *fakeSource) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isOpen {
		return &Error{"shutdown", Uninitialized}
	}
	s.isOpen = false
	return nil
}

func (s *fakeSource) opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.opens)
}

type fakeEvents struct {
	watched []string
	queue   chan any // Event or error
}

func (e *fakeEvents) Watched() []string { return e.watched }
func (e *fakeEvents) Close() error      { return nil }

func (e *fakeEvents) Wait(d time.Duration) (Event, error) {
	select {
	case item := <-e.queue:
		if err, ok := item.(error); ok {
			return Event{}, err
		}
		return item.(Event), nil
	case <-time.After(d):
		return Event{}, &Error{"wait", Timeout}
	}
}

// fakeDevice answers everything with plausible values but where the script says otherwise.
type fakeDevice struct {
	info Info

	mu     sync.Mutex
	layout Layout
	script map[Reading]func(*Snapshot) error // a nil error of a script ends the reading
	calls  map[Reading]int
	slices map[string]int             // calls for a slice, by UUID and reading
	cut    map[string]func(*Snapshot) // scripts of slices, by UUID and reading
}

func newFake(index int) *fakeDevice {
	return &fakeDevice{
		info:   Info{Index: index, UUID: fmt.Sprintf("GPU-%d", index), Model: "Fake H100", PCIBusID: fmt.Sprintf("0000:%02x:00.0", index), Architecture: "hopper", ComputeCapability: "9.0", VBIOS: "1"},
		script: map[Reading]func(*Snapshot) error{}, calls: map[Reading]int{}, slices: map[string]int{}, cut: map[string]func(*Snapshot){},
	}
}

func (d *fakeDevice) Info() Info { return d.info }
func (d *fakeDevice) Release()   {}

func (d *fakeDevice) Layout() (Layout, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls[atLayout]++
	if f := d.script[atLayout]; f != nil {
		if err := f(nil); err != nil {
			return Layout{}, err
		}
	}
	return Layout{MIG: d.layout.MIG, Slices: append([]Slice(nil), d.layout.Slices...)}, nil
}

func (d *fakeDevice) Read(r Reading, out *Snapshot) error {
	d.mu.Lock()
	d.calls[r]++
	f := d.script[r]
	d.mu.Unlock()
	if f != nil {
		return f(out)
	}
	fill(r, out)
	return nil
}

func (d *fakeDevice) ReadSlice(s Slice, r Reading, out *Snapshot) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := s.UUID + " " + r.String()
	d.slices[key]++
	if f := d.cut[key]; f != nil {
		f(out)
		return nil
	}
	fill(r, out)
	return nil
}

// onSlice sets the script of one reading of a MIG device.
func (d *fakeDevice) onSlice(uuid string, r Reading, f func(*Snapshot)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut[uuid+" "+r.String()] = f
}

// on sets the script of one reading; nil makes it work.
func (d *fakeDevice) on(r Reading, f func(*Snapshot) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.script[r] = f
}

func (d *fakeDevice) fail(r Reading, code Code) {
	d.on(r, func(*Snapshot) error { return &Error{"fake", code} })
}

// failAll makes every reading fail, and the layout too.
func (d *fakeDevice) failAll(code Code) {
	for r := range readings + 1 {
		d.fail(r, code)
	}
}

func (d *fakeDevice) works() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.script)
}

func (d *fakeDevice) setLayout(l Layout) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.layout = l
}

func (d *fakeDevice) called(r Reading) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[r]
}

// fill gives every value of a reading.
func fill(r Reading, s *Snapshot) {
	switch r {
	case Utilization:
		s.Utilization.Set(0.5)
	case Memory:
		s.MemoryTotal.Set(1000)
		s.MemoryUsed.Set(250)
		s.MemoryFree.Set(700)
		s.MemoryReserved.Set(50)
	case Power:
		s.Power.Set(300)
	case PowerLimit:
		s.PowerLimit.Set(700)
	case Temperature:
		s.Temperature.Set(50)
	case MemoryTemperature:
		s.MemoryTemperature.Set(60)
	case Clocks:
		for i := range s.Clocks {
			s.Clocks[i].Set(1e9)
		}
	case Energy:
		s.Energy.Set(12345)
	case ECC:
		s.ECCCorrected.Set(3)
		s.ECCUncorrected.Set(0)
	case Throttle:
		for i := range s.Throttle {
			s.Throttle[i].Set(float64(i))
		}
	case PCIe:
		s.PCIeTransmit.Set(100)
		s.PCIeReceive.Set(200)
	case NVLink:
		s.NVLinkTransmit.Set(300)
		s.NVLinkReceive.Set(400)
		s.NVLinkRecoveries.Set(0)
	case RemappedRows:
		s.RowsCorrectable.Set(1)
		s.RowsUncorrectable.Set(0)
		s.RowsPending.Set(0)
		s.RowsFailure.Set(0)
	case Processes:
		s.Processes.Set(1)
		s.Running = []Process{{PID: 42, Memory: Value{V: 250, OK: true}}}
	case ProcessUtilization:
		s.Samples = []ProcessSample{{PID: 42, SM: 0.5}}
	case Activity:
		s.SMActivity.Set(0.4)
		s.SMOccupancy.Set(0.3)
		s.TensorActivity.Set(0.2)
		s.DRAMActivity.Set(0.1)
	}
}

// bench is a collector over a fake source.
type bench struct {
	*Collector
	t      *testing.T
	source *fakeSource
	logs   *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), s)
}

func newBench(t *testing.T, devices ...*fakeDevice) *bench {
	t.Helper()
	return newBenchWith(t, Settings{}, devices...)
}

// newBenchWith is newBench with more of the settings.
func newBenchWith(t *testing.T, settings Settings, devices ...*fakeDevice) *bench {
	t.Helper()
	b := &bench{t: t, source: &fakeSource{driver: Driver{"550.54.15", "12.4"}, devices: devices}, logs: &lockedBuffer{}}
	settings.Logger, settings.Source = slog.New(slog.NewTextHandler(b.logs, nil)), b.source
	if settings.Proc == nil {
		settings.Proc = fstest.MapFS{}
	}
	c, err := New(DefaultConfig(), settings)
	require.NoError(t, err)
	b.Collector = c
	return b
}

// round collects once with a deadline and returns what came as "name{labels} value", by name and labels.
func (b *bench) round() (values, error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer cancel()
	r := &agent.Round{Time: time.Now()}
	err := b.Collect(ctx, r)
	return valuesOf(b.t, b.Collector, r), err
}

// must is round without an error.
func (b *bench) must() values {
	b.t.Helper()
	v, err := b.round()
	require.NoError(b.t, err)
	return v
}

type values map[string]float64

func valuesOf(t *testing.T, c *Collector, r *agent.Round) values {
	t.Helper()
	known := map[*agent.Desc]bool{}
	for _, d := range c.Describe() {
		known[d] = true
	}
	out := values{}
	for _, reading := range r.Readings {
		d := reading.Desc
		require.True(t, known[d], "%s is not described", d.Name)
		require.Len(t, reading.LabelValues, len(d.Labels), d.Name)
		var labels []string
		for i, name := range d.Labels {
			if v := reading.LabelValues[i]; v != "" {
				labels = append(labels, name+"="+v)
			}
		}
		key := d.Name + "{" + strings.Join(labels, ",") + "}"
		require.NotContains(t, out, key, "the same series twice in one round")
		out[key] = reading.Value
	}
	return out
}

// names returns the sorted names that have a series with every given part in its labels.
func (v values) names(parts ...string) []string {
	set := map[string]bool{}
next:
	for key := range v {
		for _, p := range parts {
			if !strings.Contains(key, p) {
				continue next
			}
		}
		set[key[:strings.IndexByte(key, '{')]] = true
	}
	var out []string
	for name := range set {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// live is names without what the agent itself counts.
func (v values) live(parts ...string) []string {
	var out []string
	for _, n := range v.names(parts...) {
		switch n {
		case "gpu_last_read_timestamp_seconds", "gpu_health_events_total", "gpu_xid_errors_total":
		default:
			out = append(out, n)
		}
	}
	return out
}
