package supervise

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	reapEvery = time.Second
	// A child of another part of the agent that nobody has waited for after this long was left by something that that child had started.
	strayWait = time.Minute
)

// adoptOrphans makes the agent the parent of the child's descendants whose parents end, as process 1 of a container is anyway. It returns what undoes that.
func (s *Supervisor) adoptOrphans() (undo func()) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		s.log.Warn("processes that the server leaves behind cannot be taken care of", "err", err)
		return func() {}
	}
	return func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }
}

// reapOrphans waits for orphans that have ended, so that they do not fill the process table, until ctx ends.
func (s *Supervisor) reapOrphans(ctx context.Context) {
	strays := map[int]time.Time{}
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if !anyEnded() {
				clear(strays)
				continue
			}
			s.reap(now, strays)
		}
	}
}

// anyEnded reports whether a child of the agent has ended and was not waited for, and leaves it so.
func anyEnded() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && info.Signo != 0
}

// reap waits for ended orphans. The child itself and the children of other parts of the agent, which are in the agent's session, belong to those who
// started them; of these only such are taken that nobody has waited for in a long time.
func (s *Supervisor) reap(now time.Time, strays map[int]time.Time) {
	seen := map[int]bool{}
	for _, p := range s.children() {
		if p.state != 'Z' || p.pid == s.PID() {
			continue
		}
		if p.own {
			seen[p.pid] = true
			if since, ok := strays[p.pid]; !ok {
				strays[p.pid] = now
				continue
			} else if now.Sub(since) < strayWait {
				continue
			}
		} else if s.PID() == 0 && p.leader {
			continue // the child, which its own waiter is about to take
		}
		if pid, err := unix.Wait4(p.pid, nil, unix.WNOHANG, nil); err == nil && pid > 0 {
			s.log.Debug("orphan reaped", "pid", pid)
		}
	}
	for pid := range strays {
		if !seen[pid] {
			delete(strays, pid)
		}
	}
}

// killOrphans kills what the child has left outside its group: processes of other sessions whose parents have ended.
func (s *Supervisor) killOrphans() {
	for range 50 { // killing one makes orphans of its children
		left := 0
		for _, p := range s.children() {
			if p.own {
				continue
			}
			left++
			if p.state != 'Z' {
				s.log.Info("process that the server left behind is killed", "pid", p.pid)
				_ = unix.Kill(p.pid, unix.SIGKILL)
			}
			_, _ = unix.Wait4(p.pid, nil, unix.WNOHANG, nil)
		}
		if left == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// child is one process whose parent is the agent.
type child struct {
	pid    int
	state  byte
	own    bool // it is in the agent's session, so a part of the agent has started it
	leader bool // it is the first of its session
}

// children lists the agent's children.
func (s *Supervisor) children() []child {
	self := os.Getpid()
	session, err := unix.Getsid(0)
	if err != nil {
		return nil
	}
	var all []child
	for _, pid := range childPIDs(self) {
		st, ok := statOf(pid)
		if ok && st.parent == self {
			all = append(all, child{pid: pid, state: st.state, own: st.session == session, leader: st.session == pid})
		}
	}
	return all
}

// childPIDs lists candidates: the kernel's lists of the agent's children where it keeps them, and all processes elsewhere.
func childPIDs(self int) []int {
	var pids []int
	lists, _ := filepath.Glob("/proc/" + strconv.Itoa(self) + "/task/*/children")
	for _, name := range lists {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // a thread that has ended
		}
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	if len(lists) > 0 {
		return pids
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

type processStat struct {
	state           byte
	parent, session int
}

// statOf reads a process's state, parent and session (fields 3, 4 and 6 of its stat file).
func statOf(pid int) (processStat, bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return processStat{}, false
	}
	i := strings.LastIndexByte(string(text), ')') // the name in brackets may hold anything
	f := strings.Fields(string(text[i+1:]))
	if i < 0 || len(f) < 4 {
		return processStat{}, false
	}
	parent, err1 := strconv.Atoi(f[1])
	session, err2 := strconv.Atoi(f[3])
	return processStat{f[0][0], parent, session}, err1 == nil && err2 == nil
}
