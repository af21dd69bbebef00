package console

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// entry is one line of a log file, taken out of the format that the file has.
type entry struct {
	at     time.Time // zero where the format has none
	stream string    // stdout, stderr, or empty
	text   []byte
	more   bool // the line goes on in the next entry of the stream
}

// formatOf tells a file's format by its first line.
func formatOf(line []byte) string {
	if e, ok := parseDocker(line); ok && !e.at.IsZero() {
		return FormatDocker
	}
	if _, ok := parseCRI(line); ok {
		return FormatCRI
	}
	return FormatPlain
}

// parse takes a line apart. It returns false for a line that is not in the format.
func parse(format string, line []byte) (entry, bool) {
	switch format {
	case FormatDocker:
		return parseDocker(line)
	case FormatCRI:
		return parseCRI(line)
	}
	return entry{text: line}, true
}

// parseDocker reads a line of Docker's json-file driver: {"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}. Docker cuts a
// line after 16 KiB; only the last piece has the line break.
func parseDocker(line []byte) (entry, bool) {
	if len(line) == 0 || line[0] != '{' {
		return entry{}, false
	}
	var d struct {
		Log    *string   `json:"log"`
		Stream string    `json:"stream"`
		Time   time.Time `json:"time"`
	}
	if json.Unmarshal(line, &d) != nil || d.Log == nil {
		return entry{}, false
	}
	text, whole := strings.CutSuffix(*d.Log, "\n")
	return entry{at: d.Time, stream: streamName(d.Stream), text: []byte(text), more: !whole}, true
}

// parseCRI reads a line of a Kubernetes container runtime: 2026-01-02T03:04:05.678901234Z stdout F text. The tag is P where the line goes on.
func parseCRI(line []byte) (entry, bool) {
	stamp, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || len(stamp) < len("2006-01-02T15:04:05Z") || len(stamp) > len("2006-01-02T15:04:05.999999999+07:00") {
		return entry{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return entry{}, false
	}
	stream, rest, ok := bytes.Cut(rest, []byte{' '})
	if !ok || streamName(string(stream)) == "" {
		return entry{}, false
	}
	tags, text, _ := bytes.Cut(rest, []byte{' '}) // a line without text may lack the blank
	tag, _, _ := bytes.Cut(tags, []byte{':'})
	if string(tag) != "F" && string(tag) != "P" {
		return entry{}, false
	}
	return entry{at: at, stream: streamName(string(stream)), text: text, more: tag[0] == 'P'}, true
}

// streamName bounds what a file may say: there are no other streams.
func streamName(s string) string {
	if s == "stdout" || s == "stderr" {
		return s
	}
	return ""
}

// containerOf returns the container that Kubernetes' name of a log file tells: /var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log, or
// /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log. It returns DefaultContainer for other names.
func containerOf(path string) string {
	parts := strings.Split(path, "/")
	n := len(parts)
	switch {
	case n >= 4 && parts[n-4] == "pods":
		return parts[n-2]
	case n >= 2 && parts[n-2] == "containers":
		name := strings.TrimSuffix(parts[n-1], ".log")
		if i := strings.LastIndexByte(name, '_'); i >= 0 {
			if j := strings.LastIndexByte(name, '-'); j > i {
				return name[i+1 : j]
			}
		}
	}
	return DefaultContainer
}
