package demo

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/endscope/endscope/cmd/endscope/demo/scoring"
)

// The containers of an instance: the scoring server, and where an instance has one, that which would bring newer models.
const (
	serverContainer = "inference-server"
	mountContainer  = "model-mount"
)

// What happens to containers.
const (
	lifePulled   = "Pulled"
	lifeCreated  = "Created"
	lifeStarted  = "Started"
	lifeNotReady = "ReadinessProbeFailed"
	lifeKilling  = "Killing"
	lifeBackOff  = "BackOff"
)

// happening is what the fleet, which runs the containers, tells an instance on its standard input, one JSON object a line: something
// happened to one of its containers, or another container of it printed a line.
type happening struct {
	Time      time.Time `json:"time"`
	Container string    `json:"container"`
	Name      string    `json:"name,omitempty"` // what happened; empty for a line that was printed
	Message   string    `json:"message"`
}

// image returns the name of a container's image.
func (r role) image(container string) string {
	version := map[string]string{"logistic": "1", "boosted": "2"}[r.model]
	if container == mountContainer {
		return "model-mount:1"
	}
	return sampleEndpoint + "-" + r.deployment + ":" + version
}

// journal makes the rows of one instance's logs. Safe for concurrent use.
type journal struct {
	role
	sender *logSender
	counts *scoring.Collection
}

func (j *journal) who() who { return who{sampleEndpoint, j.deployment, j.instance} }

func (j *journal) traffic(t scoring.Traffic) { // the server has counted it
	j.sender.add(scoring.EventTraffic, newTrafficRow(j.who(), t))
}

// hear takes what the fleet tells until in ends. Lines that are not of it are no rows.
func (j *journal) hear(in io.Reader) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var h happening
		if json.Unmarshal(lines.Bytes(), &h) != nil {
			continue
		}
		if h.Name == "" {
			j.line(h.Time, h.Container, h.Message)
			continue
		}
		j.counts.Collected(scoring.EventLife)
		j.sender.add(scoring.EventLife, eventRow{h.Time, j.who(), h.Name, h.Message})
	}
	_, _ = io.Copy(io.Discard, in) // after a line that was too long
}

func (j *journal) line(at time.Time, container, text string) {
	j.counts.Collected(scoring.EventConsole)
	j.sender.add(scoring.EventConsole, consoleRow{at, j.who(), container, j.image(container), text})
}

// Write takes whole lines that the scoring server prints. Their times are a microsecond apart, so that sorted rows keep their order.
func (j *journal) Write(p []byte) (int, error) {
	at := time.Now().UTC()
	for line := range strings.Lines(string(p)) {
		j.line(at, serverContainer, strings.TrimSuffix(line, "\n"))
		at = at.Add(time.Microsecond)
	}
	return len(p), nil
}
