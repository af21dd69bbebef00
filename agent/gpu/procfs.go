package gpu

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// procfs is /proc, or what stands for it in a test. The zero value, without one, knows nothing.
type procfs struct{ root fs.FS }

// hostNamespace is the link of the first PID namespace of a kernel: its inode is a constant of Linux.
const hostNamespace = "pid:[4026531836]"

// maxEnvironment bounds what is read of the environment of a process.
const maxEnvironment = 1 << 20

// host reports whether we are in the machine's first PID namespace, in which the driver's list holds every process.
func (p procfs) host() bool {
	if p.root == nil {
		return false
	}
	link, err := fs.ReadLink(p.root, "self/ns/pid")
	return err == nil && link == hostNamespace
}

// missing reports whether there is certainly no process with this id in our namespace.
func (p procfs) missing(pid int) bool {
	if p.root == nil {
		return false
	}
	_, err := fs.Stat(p.root, strconv.Itoa(pid))
	return errors.Is(err, fs.ErrNotExist)
}

// server reports whether the process is the server of a Multi-Process Service, which holds devices for its clients.
func (p procfs) server(pid int) bool {
	if p.root == nil {
		return false
	}
	comm, err := fs.ReadFile(p.root, strconv.Itoa(pid)+"/comm")
	return err == nil && strings.HasPrefix(string(comm), "nvidia-cuda-mps") // cut by the kernel to 15 characters
}

// environment returns the variables of a process at its start; nil where they cannot be read.
func (p procfs) environment(pid int) map[string]string {
	if p.root == nil {
		return nil
	}
	f, err := p.root.Open(strconv.Itoa(pid) + "/environ")
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxEnvironment))
	if err != nil {
		return nil
	}
	return environment(bytes.Split(text, []byte{0}))
}

// environment turns entries "name=value" into a map. The first of a name counts, as getenv has it.
func environment[T ~string | ~[]byte](entries []T) map[string]string {
	env := make(map[string]string, len(entries))
	for _, e := range entries {
		name, value, ok := strings.Cut(string(e), "=")
		if _, twice := env[name]; ok && !twice {
			env[name] = value
		}
	}
	return env
}
