package state

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"

	"github.com/endscope/endscope/alerts"
)

// cursor is where a page ends. It holds for the question that made it.
type cursor struct {
	Question uint64 `json:"q"`
	Number   int64  `json:"n,omitempty"` // of the last alert, what it is sorted by
	Text     string `json:"t,omitempty"`
	Seq      int64  `json:"s"`
	isText   bool
}

func (c *cursor) value() any {
	if c.isText {
		return c.Text
	}
	return c.Number
}

// question is a hash of what a query asks, but for the size of the page.
func (q *Query) question() uint64 {
	h := fnv.New64a()
	suppressed := ""
	if q.Suppressed != nil {
		suppressed = fmt.Sprint(*q.Suppressed)
	}
	fmt.Fprintf(h, "%d %d %v %q %q %q %q %q %q %q %q %v %v", q.From.UnixMicro(), q.To.UnixMicro(), q.Severities, q.Conditions, q.UserStates, q.Rules, q.Scopes, q.Groups, suppressed, q.Text, q.Sort, q.Ascending, q.Open)
	return h.Sum64()
}

func cursorAfter(q Query, last *Record) string {
	c := cursor{Question: q.question(), Seq: last.Seq}
	switch q.Sort {
	case SortRule:
		c.Text = last.Rule
	case SortSeverity:
		c.Number = int64(last.Severity)
	case SortChanged:
		c.Number = micros(last.ChangedAt)
	default:
		c.Number = micros(last.FiredAt)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "" // numbers and a string: it cannot fail
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseCursor(q Query) (*cursor, error) {
	c := cursor{isText: q.Sort == SortRule}
	text, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		return nil, &alerts.FieldError{Field: "cursor", Value: short(q.Cursor), Rule: "must be the next of a page that was answered before"}
	}
	if c.Question != q.question() {
		return nil, &alerts.FieldError{Field: "cursor", Value: short(q.Cursor), Rule: "must come with the filters and the order of the page that it is from"}
	}
	return &c, nil
}
