package route

import (
	"errors"
	"fmt"

	"github.com/endscope/endscope/alerts"
)

// checker collects what is wrong with names that a policy and action groups refer to.
type checker struct {
	groups, intervals map[string]bool
	errs              []error
}

func (c *checker) bad(field, value, rule string) {
	c.errs = append(c.errs, &alerts.FieldError{Field: field, Value: value, Rule: rule})
}

func (c *checker) err() error { return errors.Join(c.errs...) }

func (c *checker) route(path string, r Route) {
	if r.Receiver != "" && !c.groups[r.Receiver] {
		c.bad(path+".receiver", r.Receiver, "must be the name of an action group, or none")
	}
	c.times(path+".mute_time_intervals", r.MuteTimeIntervals)
	c.times(path+".active_time_intervals", r.ActiveTimeIntervals)
	for i, child := range r.Routes {
		c.route(fmt.Sprintf("%s.routes[%d]", path, i), child)
	}
}

func (c *checker) times(path string, names []string) {
	for i, name := range names {
		if !c.intervals[name] {
			c.bad(fmt.Sprintf("%s[%d]", path, i), name, "must be the name of one of the policy's time_intervals")
		}
	}
}
