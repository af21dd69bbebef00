package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// These are constant: what an entry of Config.Journald may look like.
var (
	matchField = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*=.+$`)
	unitName   = regexp.MustCompile(`^[A-Za-z0-9:_.@\\-]+$`)
)

// journalMatch returns the match that journalctl is given for an entry of Config.Journald: the unit's own processes, or the match that it is.
func journalMatch(entry string) (string, error) {
	if strings.Contains(entry, "=") {
		if !matchField.MatchString(entry) || strings.ContainsAny(entry, "\x00\n") {
			return "", errors.New("must be a unit's name or a match such as CONTAINER_NAME=model")
		}
		return entry, nil
	}
	if !unitName.MatchString(entry) || strings.HasPrefix(entry, "-") || len(entry) > 255 {
		return "", errors.New("must be a unit's name or a match such as CONTAINER_NAME=model")
	}
	if !strings.Contains(entry, ".") {
		entry += ".service"
	}
	return "_SYSTEMD_UNIT=" + entry, nil
}

// journalArgs returns the arguments of journalctl that follow the entries after cursor. Without one it begins where from says.
func journalArgs(cfg Config, cursor string) []string {
	// Without --all, a message of more than 4 KiB is given as null.
	args := []string{"--output=json", "--all", "--quiet", "--follow", "--output-fields=MESSAGE,_STREAM_ID,_PID,CONTAINER_PARTIAL_MESSAGE"}
	if cfg.JournalDir != "" {
		args = append(args, "--directory="+cfg.JournalDir)
	}
	switch {
	case cursor != "":
		args = append(args, "--no-tail", "--after-cursor="+cursor)
	case cfg.From == FromBeginning:
		args = append(args, "--no-tail")
	default:
		args = append(args, "--lines=0")
	}
	for i, entry := range cfg.Journald {
		match, err := journalMatch(entry)
		if err != nil {
			continue // Validate has refused it
		}
		if i > 0 {
			args = append(args, "+") // or
		}
		args = append(args, match)
	}
	return args
}

// journalEntry is one entry as journalctl prints it.
type journalEntry struct {
	cursor string
	at     time.Time
	text   []byte
	stream string // tells entries of different processes apart
	more   bool   // Docker wrote a part of a line
}

// parseJournal reads a line of `journalctl --output=json`. A field is a string; a list of bytes where it is not text; a list of either where it was
// given several times; and null where it was too long. It returns false for a line that is not an entry with a cursor.
func parseJournal(line []byte) (journalEntry, bool) {
	var j struct {
		Cursor   string          `json:"__CURSOR"`
		Realtime string          `json:"__REALTIME_TIMESTAMP"` // microseconds
		Message  json.RawMessage `json:"MESSAGE"`
		Stream   json.RawMessage `json:"_STREAM_ID"`
		PID      json.RawMessage `json:"_PID"`
		Partial  json.RawMessage `json:"CONTAINER_PARTIAL_MESSAGE"`
	}
	if json.Unmarshal(line, &j) != nil || j.Cursor == "" {
		return journalEntry{}, false
	}
	e := journalEntry{cursor: j.Cursor, text: journalField(j.Message), more: string(journalField(j.Partial)) == "true"}
	if us, err := strconv.ParseInt(j.Realtime, 10, 64); err == nil {
		e.at = time.UnixMicro(us)
	}
	if e.stream = string(journalField(j.Stream)); e.stream == "" {
		e.stream = string(journalField(j.PID))
	}
	return e, true
}

// journalField returns the bytes of a field; those of several values are joined as lines.
func journalField(raw json.RawMessage) []byte {
	if len(raw) == 0 || raw[0] != '[' {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return nil
		}
		return []byte(s)
	}
	var numbers []uint16 // []byte would be read as base64
	if json.Unmarshal(raw, &numbers) == nil {
		b := make([]byte, len(numbers))
		for i, n := range numbers {
			b[i] = byte(n)
		}
		return b
	}
	var values []json.RawMessage
	if json.Unmarshal(raw, &values) != nil {
		return nil
	}
	var all [][]byte
	for _, v := range values {
		if len(v) > 0 && v[0] == '[' && bytes.IndexByte(v[1:], '[') >= 0 {
			continue // no deeper
		}
		all = append(all, journalField(v))
	}
	return bytes.Join(all, []byte{'\n'})
}
