package gpu

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// maxRecord is the size of the largest record that /dev/kmsg gives.
const maxRecord = 8192

// maxLines is how many of the driver's latest lines are kept, to tell more of an event that comes right after.
const maxLines = 64

// lineFor is how far a line may be from its event.
const lineFor = 5 * time.Second

// OpenKernelLog opens /dev/kmsg from the oldest record that the kernel still has. It needs CAP_SYSLOG where kernel.dmesg_restrict
// is 1, and is seldom there in a container.
func OpenKernelLog() (io.ReadCloser, error) {
	return os.OpenFile("/dev/kmsg", os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// kernelLine is one line of the driver about an XID.
type kernelLine struct {
	sequence    uint64        // of the record; rises, with gaps, from boot to boot
	since       time.Duration // since boot
	at          time.Time     // the same; zero where it could not be worked out
	bus         string        // PCI address, lower case, such as "0000:3b:00"
	gpuInstance int           // or -1
	xid         uint64
	pid         int    // 0 where the line names none
	process     string // empty where the line names none
	message     string
}

// parseKernelRecord reads one record of /dev/kmsg: "priority,sequence,microseconds,flags[,…];text" and lines of properties after it.
// It returns false for what is not a line of the driver about an XID.
func parseKernelRecord(record string) (kernelLine, bool) {
	head, text, ok := strings.Cut(record, ";")
	if !ok {
		return kernelLine{}, false
	}
	fields := strings.Split(head, ",")
	if len(fields) < 4 {
		return kernelLine{}, false
	}
	micros, err := strconv.ParseUint(fields[2], 10, 53)
	if err != nil {
		return kernelLine{}, false
	}
	sequence, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return kernelLine{}, false
	}
	text, _, _ = strings.Cut(text, "\n")
	line, ok := parseXIDLine(text)
	line.sequence = sequence
	line.since = time.Duration(micros) * time.Microsecond
	return line, ok
}

// parseXIDLine reads such lines as
//
//	NVRM: Xid (PCI:0000:3b:00): 31, pid=4711, name=python3, Ch 00000008, intr 00000000. MMU Fault: …
//	NVRM: Xid (PCI:0000:3b:00 GPU-I:05): 94, pid='<unknown>', name=<unknown>, Contained: …
//	NVRM: Xid (0000:01:00): 79, GPU has fallen off the bus.
func parseXIDLine(text string) (kernelLine, bool) {
	line := kernelLine{gpuInstance: -1}
	rest, ok := strings.CutPrefix(text, "NVRM: Xid (")
	if !ok {
		return line, false
	}
	where, rest, ok := strings.Cut(rest, "): ")
	if !ok {
		return line, false
	}
	bus, instance, _ := strings.Cut(where, " GPU-I:")
	line.bus = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(bus), "PCI:"))
	if line.bus == "" {
		return line, false
	}
	if instance != "" {
		n, err := strconv.ParseUint(strings.TrimSpace(instance), 16, 15)
		if err != nil {
			return line, false
		}
		line.gpuInstance = int(n)
	}
	code, rest, _ := strings.Cut(rest, ",")
	xid, err := strconv.ParseUint(strings.TrimSpace(code), 10, 32)
	if err != nil {
		return line, false
	}
	line.xid = xid
	rest = strings.TrimSpace(rest)
	if value, after, ok := attribute(rest, "pid="); ok {
		if pid, err := strconv.ParseUint(value, 10, 31); err == nil {
			line.pid = int(pid)
		}
		rest = after
	}
	if value, after, ok := attribute(rest, "name="); ok {
		if value != "<unknown>" {
			line.process = value
		}
		rest = after
	}
	line.message = strings.ToValidUTF8(rest, "\uFFFD")
	line.process = strings.ToValidUTF8(line.process, "\uFFFD")
	return line, true
}

// attribute cuts "name=value, " off the beginning of s.
func attribute(s, name string) (value, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, name)
	if !ok {
		return "", s, false
	}
	value, rest, _ = strings.Cut(s, ",")
	return strings.Trim(strings.TrimSpace(value), "'"), strings.TrimSpace(rest), true
}

// busKey is the form of a PCI address in which those of the library ("00000000:3B:00.0") and of the log ("0000:3b:00") are equal.
func busKey(address string) string {
	address = strings.ToLower(address)
	address, _, _ = strings.Cut(address, ".")
	domain, rest, ok := strings.Cut(address, ":")
	if !ok || strings.Count(rest, ":") != 1 {
		return ""
	}
	return strings.TrimLeft(domain, "0") + ":" + rest
}

// kernelLog reads the kernel's log on a goroutine of its own until it is stopped.
type kernelLog struct {
	log    *slog.Logger
	reader io.ReadCloser
	began  time.Duration // since boot, when the reading began; lines before it are of the past
	boot   time.Time
	bootID string
	since  mark               // records of the past up to this one are known; none if its time is zero
	live   func(kernelLine)   // called for each line that is not of the past
	past   func([]kernelLine) // called with those of the past, in one call but where reading them takes long
	done   chan struct{}

	mu    sync.Mutex
	lines []kernelLine // the latest, oldest first
	marks marks
}

// startKernelLog begins to read. It returns an error where the log cannot be read, or the time since boot is not known.
func startKernelLog(open func() (io.ReadCloser, error), proc procfs, since mark, log *slog.Logger, live func(kernelLine), past func([]kernelLine)) (*kernelLog, error) {
	up, err := uptime(proc.root)
	if err != nil {
		return nil, err
	}
	reader, err := open()
	if err != nil {
		return nil, err
	}
	k := &kernelLog{log: log, reader: reader, began: up, boot: time.Now().Add(-up), bootID: proc.bootID(), since: since, live: live, past: past, done: make(chan struct{})}
	go k.run()
	return k, nil
}

func uptime(proc fs.FS) (time.Duration, error) {
	text, err := fs.ReadFile(proc, "uptime")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil || !(seconds >= 0 && seconds < 1e9) {
		return 0, errors.New("the time since boot is not known: " + strconv.Quote(first))
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// maxPast bounds the lines of the past that are kept; the oldest go first.
const maxPast = 4096

func (k *kernelLog) run() {
	defer close(k.done)
	var past []kernelLine
	told := false
	tellPast := func() {
		if told {
			return
		}
		told = true
		k.past(past)
		for _, line := range past {
			k.handedOn(line)
		}
		past = nil
	}
	// The past ends with the first record of the present, or when none comes.
	timer := time.AfterFunc(time.Second, func() { _ = k.expire() })
	defer timer.Stop()
	buf := make([]byte, maxRecord)
	failures := 0
	for {
		n, err := k.reader.Read(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			tellPast()
			if d, ok := k.reader.(interface{ SetReadDeadline(time.Time) error }); ok {
				_ = d.SetReadDeadline(time.Time{})
			}
			continue
		case errors.Is(err, syscall.EPIPE): // records were overwritten before we read them
			continue
		case err != nil && n == 0:
			tellPast()
			if errors.Is(err, os.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
				return
			}
			if failures++; failures >= brokenAfter {
				k.log.Info("the kernel's log cannot be read any more", "reason", err.Error())
				return
			}
			continue
		}
		failures = 0
		record := string(buf[:n])
		line, ok := parseKernelRecord(record)
		if !ok {
			continue
		}
		line.at = k.boot.Add(line.since)
		if line.since < k.began {
			if !k.since.at.IsZero() && line.sequence <= k.since.sequence {
				continue
			}
			if past = append(past, line); len(past) > maxPast {
				past = past[1:]
			}
			if told { // it took longer than the timer to read the past
				told = false
				tellPast()
			}
			continue
		}
		tellPast()
		k.keep(line)
		k.live(line)
		k.handedOn(line)
	}
}

// handedOn notes that a line was given to live or past.
func (k *kernelLog) handedOn(line kernelLine) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.marks.add(line.sequence, time.Now())
}

// expire makes a Read that waits for new records return, where the reader can do so.
func (k *kernelLog) expire() error {
	if d, ok := k.reader.(interface{ SetReadDeadline(time.Time) error }); ok {
		return d.SetReadDeadline(time.Now())
	}
	return nil
}

func (k *kernelLog) keep(line kernelLine) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lines = append(k.lines, line); len(k.lines) > maxLines {
		k.lines = k.lines[1:]
	}
}

// find returns the line nearest to an XID at a time.
func (k *kernelLog) find(bus string, xid uint64, at time.Time) (best kernelLine, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, line := range k.lines {
		if line.xid != xid || busKey(line.bus) != bus || line.at.Sub(at).Abs() > lineFor {
			continue
		}
		if !ok || line.at.Sub(at).Abs() < best.at.Sub(at).Abs() {
			best, ok = line, true
		}
	}
	return best, ok
}

// stop ends the reading. It reports whether the goroutine ended before expired.
func (k *kernelLog) stop(expired <-chan struct{}) bool {
	_ = k.reader.Close()
	select {
	case <-k.done:
		return true
	case <-expired:
		return false
	}
}
