package route

import (
	"encoding/json"
	"time"
)

// Kinds of notes.
const (
	NoteMuted    = "muted"     // nobody is told, or nobody of an action group: a silence, another alert, or a time interval
	NoteReleased = "released"  // that is over
	NoteGroups   = "no_groups" // action groups that it names are not there, or not enabled
	NoteGivenUp  = "given_up"  // somebody was not told of it, and is not any more
)

// Note is something that routing has to say of an alert of ours, for its timeline.
type Note struct {
	ID   string // of the alert
	At   time.Time
	Kind string
	Text string // a sentence
	Data json.RawMessage
}

// noteData is the data of a note.
type noteData struct {
	Reason string     `json:"reason,omitempty"` // inhibited, silenced, muted; several with commas between them
	By     string     `json:"by,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
	Group  string     `json:"group,omitempty"`
	Groups []string   `json:"groups,omitempty"`
}

// note tells of an alert of ours.
func (e *Engine) note(k known, kind, text string, data noteData) {
	if e.set.Noted == nil || k.alert.ID == "" {
		return
	}
	body, err := json.Marshal(data)
	if err != nil {
		body = nil // strings and times always are JSON
	}
	e.set.Noted(Note{ID: k.alert.ID, At: e.now(), Kind: kind, Text: text, Data: body})
}
