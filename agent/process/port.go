package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// listen is the kernel's number of the state of a socket that waits for connections.
const listen = "0A"

// launchers are programs that start model servers as several processes side by side, of which only one listens. The tree begins at them. The kernel
// keeps 15 bytes of a name.
var launchers = []string{"text-generation", "mpirun", "orterun", "torchrun", "mpiexec"}

// forwarders listen for others: what they hold is not the server's.
var forwarders = []string{"docker-proxy", "rootlessport", "kubectl", "ssh", "sshd", "slirp4netns", "pasta", "gvproxy"}

// parseListener reads a line of /proc/net/tcp or tcp6 and returns the port and the inode of a listening socket, and false for every other line.
func parseListener(line string) (port int, inode string, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 10 || fields[3] != listen {
		return 0, "", false
	}
	i := strings.LastIndexByte(fields[1], ':')
	if i < 0 {
		return 0, "", false
	}
	n, err := strconv.ParseUint(fields[1][i+1:], 16, 16)
	if err != nil || n == 0 {
		return 0, "", false
	}
	if _, err := strconv.ParseUint(fields[9], 10, 64); err != nil || fields[9] == "0" {
		return 0, "", false
	}
	return int(n), fields[9], true
}

// listeners returns the inodes of the sockets that listen on the port in the agent's network namespace.
func (f *Finder) listeners(port int) ([]string, error) {
	var inodes []string
	var errs []error
	for _, name := range []string{"net/tcp", "net/tcp6"} {
		err := eachLine(f.proc(name), func(line string) {
			if p, inode, ok := parseListener(line); ok && p == port && !slices.Contains(inodes, inode) {
				inodes = append(inodes, inode)
			}
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return inodes, errors.Join(errs...)
}

// byPort returns the process that listens on the port: of several that share the socket the one above the others, and of those that a known launcher
// started, the launcher.
func (f *Finder) byPort(port int) (stat, error) {
	inodes, err := f.listeners(port)
	if err != nil {
		return stat{}, err
	}
	if len(inodes) == 0 {
		return stat{}, fmt.Errorf("%w: nothing listens on port %d", ErrNotFound, port)
	}
	all, err := f.table()
	if err != nil {
		return stat{}, err
	}
	wanted := make([]string, len(inodes))
	for i, inode := range inodes {
		wanted[i] = "socket:[" + inode + "]"
	}
	var found []stat
	var other string
	held, denied := "", 0
	for pid, s := range all {
		if s.gone() {
			continue
		}
		link, err := f.holds(pid, wanted)
		switch {
		case errors.Is(err, fs.ErrPermission):
			denied++
		case link == "":
		case pid == os.Getpid():
			other = "the agent itself"
		case slices.Contains(forwarders, s.comm) || s.comm == "systemd":
			other = s.comm
		case f.pattern != nil && !f.pattern.MatchString(f.command(s)):
			other = fmt.Sprintf("process %d, which does not match lifecycle.process.command", pid)
		default:
			found = append(found, s)
			held = strings.TrimSuffix(strings.TrimPrefix(link, "socket:["), "]")
		}
	}
	switch {
	case len(found) > 0:
	case other != "":
		return stat{}, fmt.Errorf("%w: port %d is held by %s; name the server with lifecycle.process.pid_file, cgroup or command", ErrNotFound, port, other)
	case denied > 0:
		return stat{}, fmt.Errorf("%w: port %d is listened on, but the agent may not look into %d processes; run it as the server's user or with CAP_SYS_PTRACE", ErrNotFound, port, denied)
	default:
		return stat{}, fmt.Errorf("%w: port %d is listened on by a process that the agent cannot see; name the server with lifecycle.process.pid_file, cgroup or command", ErrNotFound, port)
	}
	s := top(found)
	f.inode = held
	for range 8 {
		parent, ok := all[s.parent]
		if !ok || !slices.Contains(launchers, parent.comm) {
			break
		}
		s = parent
	}
	return s, nil
}

// holds returns which of the links one of the process's file descriptors is, and "" when none is.
func (f *Finder) holds(pid int, links []string) (string, error) {
	folder := f.proc(strconv.Itoa(pid), "fd")
	dir, err := os.Open(folder)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if link, err := os.Readlink(folder + "/" + name); err == nil && slices.Contains(links, link) {
			return link, nil
		}
	}
	return "", nil
}
