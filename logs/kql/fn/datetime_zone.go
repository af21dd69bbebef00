package fn

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a server without the system's time zones still knows them

	"github.com/endscope/endscope/logs/kql/value"
)

// timezoneNames are the zones of the IANA time zone database, one a line, sorted.
//
//go:embed timezones.txt
var timezoneNames string

// datetimeZoneFunctions convert datetimes between UTC and local times.
func datetimeZoneFunctions() []Scalar {
	convert := func(name, help string, f func(value.Time, *time.Location) (value.Time, bool)) Scalar {
		return Scalar{
			Signature: Signature{Text: name + "(from: datetime, timezone: string): datetime", Help: help},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				find, err := constantOf(name, args, 1, findZone)
				if err != nil {
					return nil, err
				}
				zones := &zoneCache{find: find, seen: map[string]*time.Location{}}
				return func(a []value.Value) (value.Value, error) {
					loc := zones.load(a[1].(string))
					if loc == nil {
						return nil, nil // not the query but the data names a zone that there is not
					}
					return timeOrNull(f(a[0].(value.Time), loc)), nil
				}, nil
			},
		}
	}
	return []Scalar{
		convert("datetime_utc_to_local", "Returns the local time of a UTC datetime in a time zone such as 'Europe/Paris'.", utcToLocal),
		convert("datetime_local_to_utc", "Returns the UTC datetime of a local time in a time zone such as 'Europe/Paris'; of a local time that is there twice or never, the earlier.", localToUTC),
		{
			Signature: Signature{
				Text: "datetime_list_timezones(): dynamic",
				Help: "Returns the names of the time zones that datetime_utc_to_local() and datetime_local_to_utc() know.",
			},
			Make: func(*Context, []Arg) (Eval, error) {
				var names value.Array
				for _, n := range strings.Fields(timezoneNames) {
					names = append(names, n)
				}
				return func([]value.Value) (value.Value, error) { return names, nil }, nil
			},
		},
	}
}

// zoneCache keeps the zones that the rows named, because loading one reads a file. It is safe for concurrent use.
type zoneCache struct {
	find func(string) (*time.Location, error)

	mu   sync.Mutex
	seen map[string]*time.Location
}

const maxZones = 1000 // more than there are; names that are none must not fill memory

// load returns a zone; nil where there is none with that name.
func (z *zoneCache) load(name string) *time.Location {
	z.mu.Lock()
	defer z.mu.Unlock()
	loc, ok := z.seen[name]
	if ok {
		return loc
	}
	loc, err := z.find(name)
	if err != nil {
		loc = nil
	}
	if len(z.seen) < maxZones {
		z.seen[strings.Clone(name)] = loc
	}
	return loc
}

// findZone loads a zone by its name. Go's own names for no zone ("") and for the server's ("Local") are none.
func findZone(name string) (*time.Location, error) {
	if name != "" && name != "Local" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc, nil
		}
	}
	return nil, fmt.Errorf("there is no time zone '%s'; datetime_list_timezones() lists them", name)
}

// zoneOffset returns what to add to the UTC time t to get the local time.
func zoneOffset(t value.Time, loc *time.Location) value.Span {
	_, seconds := t.Go().In(loc).Zone()
	return value.Span(seconds) * value.Second
}

func utcToLocal(t value.Time, loc *time.Location) (value.Time, bool) {
	return t.Add(zoneOffset(t, loc))
}

// localToUTC returns the instant at which clocks show t. Two offsets come into question, those of a day before and after; clocks show t
// at an instant that has the offset with which it was computed. Where both do (an hour that comes twice) or none does (an hour left out),
// it is the earlier instant.
func localToUTC(t value.Time, loc *time.Location) (value.Time, bool) {
	before, after := max(t-value.Time(value.Day), 0), min(t+value.Time(value.Day), value.MaxTime)
	a, aOK := t.Add(-zoneOffset(before, loc))
	b, bOK := t.Add(-zoneOffset(after, loc))
	if !aOK || !bOK {
		return 0, false
	}
	aShows := a+value.Time(zoneOffset(a, loc)) == t
	bShows := b+value.Time(zoneOffset(b, loc)) == t
	switch {
	case aShows && !bShows:
		return a, true
	case bShows && !aShows:
		return b, true
	}
	return min(a, b), true
}
