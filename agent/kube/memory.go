package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	memoryFile = "kubernetes.json"
	maxMemory  = 4 << 20
)

// memory is what has been reported of one pod. It is kept in a file, so that a restarted agent reports nothing twice. The file is written after
// the callbacks: an agent that dies in between reports once more rather than never.
type memory struct {
	Pod      string         `json:"pod"`      // UID
	Events   map[string]int `json:"events"`   // count by UID
	Restarts map[string]int `json:"restarts"` // by container
	Ends     map[string]end `json:"ends"`     // the last by container
	dirty    bool
}

type end struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
}

// newMemory is that of a pod that nobody has reported of. Restarts that it has had are not counted: nobody can tell whether an agent that lost its
// memory has reported them.
func newMemory(pod Pod) memory {
	m := memory{Pod: pod.UID, Events: map[string]int{}, Restarts: map[string]int{}, Ends: map[string]end{}, dirty: true}
	for _, c := range pod.Containers {
		m.Restarts[c.Name] = c.RestartCount
	}
	return m
}

// remember reads the file; a folder without one gives an empty memory.
func remember(dir string) (memory, error) {
	text, err := readBounded(filepath.Join(dir, memoryFile), maxMemory)
	if errors.Is(err, fs.ErrNotExist) {
		return memory{}, nil
	}
	if err != nil {
		return memory{}, err
	}
	m, err := parseMemory(text)
	if err != nil {
		return memory{}, fmt.Errorf("%s: %w", filepath.Join(dir, memoryFile), err)
	}
	return m, nil
}

func parseMemory(text []byte) (memory, error) {
	var m memory
	if err := json.Unmarshal(text, &m); err != nil {
		return memory{}, err
	}
	if m.Pod == "" || m.Events == nil || m.Restarts == nil || m.Ends == nil {
		return memory{}, errors.New("it lacks pod, events, restarts or ends")
	}
	return m, nil
}

// save writes the file, if anything has changed since.
func (m *memory) save(dir string) error {
	if !m.dirty {
		return nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, memoryFile)
	err = errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(path+".new", text, 0o600))
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("what was reported of the pod cannot be kept: %w", err)
	}
	m.dirty = false
	return nil
}

// ended notes an end of a container and reports whether it is a new one. An end is first the container's state, and after a restart its last state.
func (m *memory) ended(container string, t *Terminated) bool {
	last, ok := m.Ends[container]
	if ok && (t.FinishedAt.Before(last.Time) || t.ContainerID == last.ID && t.FinishedAt.Equal(last.Time)) {
		return false
	}
	m.Ends[container] = end{ID: t.ContainerID, Time: t.FinishedAt}
	m.dirty = true
	return true
}

// restarted notes a container's count of restarts and returns by how much it has risen. A count that falls was begun anew by the kubelet.
func (m *memory) restarted(container string, count int) int {
	before, ok := m.Restarts[container]
	if ok && before == count {
		return 0
	}
	m.Restarts[container] = count
	m.dirty = true
	return max(count-before, 0)
}
