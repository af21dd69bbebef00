package gpu

import (
	"slices"
	"time"
)

// The methods by which a share of a device is attributed to the instance; values of the label method.
const (
	MethodPIDTree   = "pid_tree"        // the driver's figures of the instance's processes, found from one of them downwards
	MethodCgroup    = "cgroup"          // the same of the processes in the instance's control group
	MethodExclusive = "exclusive"       // nothing else holds the device, so its own figures are the instance's
	MethodVisible   = "visible_devices" // the environment names the device; its own figures, whoever else uses it
)

// MethodError says in a sentence how far a method's figures can be off. Method is the value of the label.
func MethodError(method string) string {
	switch method {
	case MethodPIDTree, MethodCgroup:
		return "memory: without what the driver keeps for itself; utilisation: the driver's own samples, in which work of processes that ended early, or that came in bursts shorter than its sample period, can be missing; under MPS it is left out when others are clients too"
	case MethodExclusive:
		return "memory: all that is in use on the device, a few MiB of the driver included; utilisation: the device's own"
	case MethodVisible:
		return "the whole device is taken for the instance's: too much by whatever others do on it"
	}
	return ""
}

// contextSlack is how much memory may be in use on a device beyond what its listed processes hold before somebody must be there
// whom the list does not show. The smallest CUDA context takes more.
const contextSlack = 128 << 20

// recentFor is how long a process counts as the instance's after it has left the tree: the driver tells of what it did before.
const recentFor = 2 * time.Minute

// sharer attributes parts of devices to the instance. Used by Collect only.
type sharer struct {
	pids    func() []int
	method  string // MethodPIDTree or MethodCgroup
	environ func() []string
	proc    procfs

	recent  map[int]time.Time // when a process was last in the tree
	current []int             // the tree in this round; nil: not known
	held    map[string]bool   // UUIDs that the instance held once
	host    bool
	names   map[string]bool // what chosen found in this round
	asked   bool            // chosen was asked in this round
	seen    *processMemory  // the same for those who ask while no round runs
}

// begin asks for the instance's processes. It is called once in a round, after devices have answered: so a process that they list
// is known, or has ended.
func (s *sharer) begin(now time.Time) {
	s.current, s.names, s.asked = s.pids(), nil, false
	for _, pid := range s.current {
		s.recent[pid] = now
	}
	for pid, last := range s.recent {
		if now.Sub(last) > recentFor {
			delete(s.recent, pid)
		}
	}
	s.host = s.proc.host()
	s.seen.set(s.recent, s.host)
}

// share is the instance's part of one device or GPU instance.
type share struct {
	method              string
	memory, utilization Value
}

// of returns the instance's share of what snap was read from: a device, or a GPU instance if slice is set, named by uuid. It returns
// false where there is none: the instance never held it, or nothing can tell.
func (s *sharer) of(uuid string, snap *Snapshot, slice bool, chosen func() map[string]bool) (share, bool) {
	if s.current != nil && snap.Running != nil {
		mine, others, foreign := s.divide(snap.Running)
		if len(mine) > 0 {
			s.held[uuid] = true
		}
		if len(snap.Running) == 0 && !s.held[uuid] && !s.host && snap.MemoryUsed.V > contextSlack {
			foreign = true // somebody is there, and the driver shows nobody
		}
		if !foreign {
			switch {
			case !s.held[uuid]:
				return share{}, false
			case len(mine) > 0 && len(others) == 0 && s.alone(snap):
				return share{MethodExclusive, snap.MemoryUsed, snap.Utilization}, true
			}
			return share{s.method, memoryOf(mine), s.utilizationOf(snap, mine, others, slice)}, true
		}
	}
	if chosen()[uuid] {
		return share{MethodVisible, snap.MemoryUsed, snap.Utilization}, true
	}
	return share{}, false
}

// divide sorts the processes that hold a device. A server of MPS that serves only the instance is the instance's. Foreign means
// that the driver answers in another PID namespace than ours, so that its numbers mean nothing to us.
func (s *sharer) divide(running []Process) (mine, others []Process, foreign bool) {
	var servers []Process
	missing := 0
	for _, p := range running {
		_, ours := s.recent[p.PID]
		switch {
		case ours:
			mine = append(mine, p)
		case s.proc.server(p.PID):
			servers = append(servers, p)
		default:
			if s.proc.missing(p.PID) {
				missing++
			}
			others = append(others, p)
		}
	}
	clientsOfOthers := slices.ContainsFunc(others, func(p Process) bool { return p.MPS })
	if len(mine) > 0 && !clientsOfOthers {
		mine = append(mine, servers...)
	} else {
		others = append(others, servers...)
	}
	return mine, others, !s.host && len(mine) == 0 && missing > 0
}

// alone reports whether the list holds every process on the device. In the machine's own PID namespace it does; in another one the
// driver hides processes, and then the memory in use must be what the listed ones hold.
func (s *sharer) alone(snap *Snapshot) bool {
	if s.host {
		return true
	}
	listed := memoryOf(snap.Running)
	return snap.MemoryUsed.OK && listed.OK && snap.MemoryUsed.V-listed.V <= contextSlack
}

// memoryOf adds up what processes hold; there is no sum where the driver does not tell it of one of them.
func memoryOf(list []Process) Value {
	sum := Value{OK: true}
	for _, p := range list {
		sum.V += p.Memory.V
		sum.OK = sum.OK && p.Memory.OK
	}
	if !sum.OK {
		return Value{}
	}
	return sum
}

// utilizationOf adds up the samples of the instance's processes. No sample at all means that nothing ran, which is a measurement.
// Where the device tells for how much of the interval anything ran, the processes together cannot have more.
func (s *sharer) utilizationOf(snap *Snapshot, mine, others []Process, slice bool) Value {
	switch {
	case slice && len(mine) == 0:
		return Value{OK: true} // none of ours holds it, so none can run
	case slice || snap.Samples == nil:
		return Value{} // the driver does not tell processes apart, and others hold it too
	}
	var ours, all float64
	for _, sample := range snap.Samples {
		all += sample.SM
		_, own := s.recent[sample.PID]
		switch {
		case own || slices.ContainsFunc(mine, func(p Process) bool { return p.PID == sample.PID }):
			ours += sample.SM
		case s.proc.server(sample.PID) && slices.ContainsFunc(mine, func(p Process) bool { return p.MPS }) && slices.ContainsFunc(others, func(p Process) bool { return p.MPS }):
			return Value{} // what the server ran was for us and for others
		}
	}
	if busy, ok := ratio(snap.GraphicsActivity); ok && all > busy {
		ours *= busy / all
	}
	return Value{V: min(ours, 1), OK: true}
}

// chosen returns the devices that the environment of the instance names; nil where it names none in particular.
func (s *sharer) chosen(devices []Info, slices []string) map[string]bool {
	if !s.asked {
		s.asked, s.names = true, s.find(devices, slices)
	}
	return s.names
}

func (s *sharer) find(devices []Info, slices []string) map[string]bool {
	if s.environ != nil {
		set, _ := visible(environment(s.environ()), devices, slices)
		return set
	}
	for _, pid := range s.current {
		env := s.proc.environment(pid)
		if set, ok := visible(env, devices, slices); ok {
			return set
		}
	}
	return nil
}

func newSharer(s Settings) *sharer {
	return &sharer{
		pids: s.Pids, method: s.PidMethod, environ: s.Environ, proc: procfs{s.Proc},
		recent: map[int]time.Time{}, held: map[string]bool{}, seen: &processMemory{},
	}
}

// chosen returns the devices that the environment of the instance names.
func (c *Collector) chosen() map[string]bool {
	var devices []Info
	for _, d := range c.devices {
		devices = append(devices, d.info)
	}
	slices.SortFunc(devices, func(a, b Info) int { return a.Index - b.Index })
	return c.sharer.chosen(devices, c.summary.sliceUUIDs())
}
