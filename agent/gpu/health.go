package gpu

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed health.json
var healthFile string

// XID says what one of the driver's error codes means, in our words. All of them are in health.json.
type XID struct {
	Code     uint64 `json:"xid"`
	Name     string `json:"name"`
	Severity string `json:"severity"` // info: the application's fault, or repaired; warning: needs a look; critical: the GPU or work on it is lost
	Category string `json:"category"` // application, driver, memory, hardware, pcie, nvlink, firmware, engine, display, vgpu, security, test or unknown
	Meaning  string `json:"meaning"`
	NextStep string `json:"next_step"`
}

// eventMeaning says the same of a health event that is no XID.
type eventMeaning struct {
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	Name     string `json:"name"`
	Meaning  string `json:"meaning"`
	NextStep string `json:"next_step"`
}

// healthTable is health.json. It is never changed after it is read.
type healthTable struct {
	XIDs    []XID          `json:"xids"`
	Unknown XID            `json:"unknown"`
	Events  []eventMeaning `json:"events"`

	byCode map[uint64]XID
}

// loadHealth reads health.json. It fails on a key or a severity that it does not know, and where a code is there twice.
func loadHealth() (*healthTable, error) {
	t := &healthTable{byCode: map[uint64]XID{}}
	d := json.NewDecoder(strings.NewReader(healthFile))
	d.DisallowUnknownFields()
	if err := d.Decode(t); err != nil {
		return nil, fmt.Errorf("read health.json: %w", err)
	}
	severities := []string{severityInfo, severityWarning, severityCritical}
	for _, x := range t.XIDs {
		if _, twice := t.byCode[x.Code]; twice || !slices.Contains(severities, x.Severity) {
			return nil, fmt.Errorf("read health.json: xid %d is there twice or has no severity", x.Code)
		}
		t.byCode[x.Code] = x
	}
	for _, e := range t.Events {
		if !slices.Contains(severities, e.Severity) {
			return nil, fmt.Errorf("read health.json: event %s has no severity", e.Kind)
		}
	}
	return t, nil
}

// xid returns what is known of a code; for one that is not known, a warning that says so.
func (t *healthTable) xid(code uint64) XID {
	if x, ok := t.byCode[code]; ok {
		return x
	}
	x := t.Unknown
	x.Code = code
	return x
}

// event returns what a kind of health event with a severity means; the zero value where it is not known.
func (t *healthTable) event(kind, severity string) eventMeaning {
	for _, e := range t.Events {
		if e.Kind == kind && e.Severity == severity {
			return e
		}
	}
	return eventMeaning{Kind: kind, Severity: severity}
}

// XIDs returns every code that is known, by number.
func XIDs() ([]XID, error) {
	t, err := loadHealth()
	if err != nil {
		return nil, err
	}
	return t.XIDs, nil
}
