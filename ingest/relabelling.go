package ingest

import (
	"errors"
	"fmt"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/endscope/endscope/internal/config"
)

// relabelRules returns the rules of a configuration as they can be applied, which upstream's cannot before they were validated: that tells
// them which label names are valid. It returns a config.FieldError, below key, for every rule that cannot.
func relabelRules(key string, rules []*relabel.Config) ([]*relabel.Config, error) {
	var out []*relabel.Config
	var errs []error
	for i, given := range rules {
		at := fmt.Sprintf("%s[%d]", key, i)
		if given == nil {
			errs = append(errs, config.Invalid(at, "nothing", "must be a rule"))
			continue
		}
		rule := *given
		if err := rule.Validate(model.UTF8Validation); err != nil {
			errs = append(errs, config.Invalid(at, rule.Action, err.Error()))
			continue
		}
		out = append(out, &rule)
	}
	return out, errors.Join(errs...)
}
