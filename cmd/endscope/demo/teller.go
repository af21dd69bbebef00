package demo

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// tellTimeout bounds how long an instance that does not listen is waited for.
const tellTimeout = time.Second

// teller tells one instance what happens to its containers. What an instance does not hear, because it is gone, is lost: who would
// push it is gone, too. Safe for concurrent use.
type teller struct {
	mu   sync.Mutex
	pipe *os.File // nil when it is closed
}

// tell says that something of this name happened to a container.
func (t *teller) tell(container, name, format string, args ...any) {
	t.write(happening{time.Now().UTC(), container, name, fmt.Sprintf(format, args...)})
}

// printed says that a container printed a line.
func (t *teller) printed(container, line string) {
	t.write(happening{Time: time.Now().UTC(), Container: container, Message: line})
}

func (t *teller) write(h happening) {
	line, _ := json.Marshal(h) // texts and a time of today always can be
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pipe == nil {
		return
	}
	_ = t.pipe.SetWriteDeadline(time.Now().Add(tellTimeout))
	_, _ = t.pipe.Write(append(line, '\n'))
}

// close ends the instance's standard input. A second call does nothing.
func (t *teller) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pipe != nil {
		_ = t.pipe.Close()
		t.pipe = nil
	}
}
