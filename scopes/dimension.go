package scopes

import (
	"fmt"
	"regexp"

	"github.com/prometheus/common/model"
)

// Dimension is what a metric may be split by: a stored label, or a value derived from one.
type Dimension struct {
	Name   string  `yaml:"name"`  // as answers spell it; compared without case
	Label  string  `yaml:"label"` // the stored label; empty where Derive is set
	Derive *Derive `yaml:"derive"`
}

// Derive makes a dimension's value from a label: where the anchored Match fits the value of From it is Value with
// `${1}` and the like filled in, and otherwise it is empty.
type Derive struct {
	From  string `yaml:"from"`
	Match string `yaml:"match"`
	Value string `yaml:"value"`
}

var dimensionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

func (d *Dimension) validate() error {
	switch {
	case !dimensionName.MatchString(d.Name):
		return fmt.Errorf("must be letters, digits and _")
	case (d.Label == "") == (d.Derive == nil):
		return fmt.Errorf("must have either label or derive")
	case d.Derive != nil && d.Derive.Value == "":
		return fmt.Errorf("derive must have a value")
	case d.Derive != nil:
		return validLabelAndMatch(d.Derive.From, d.Derive.Match)
	case !model.LegacyValidation.IsValidLabelName(d.Label):
		return fmt.Errorf("label %q is no label name", d.Label)
	}
	return nil
}

// LabelRule picks the series whose label matches an anchored regular expression.
type LabelRule struct {
	Label string `yaml:"label"`
	Match string `yaml:"match"`
}

func validLabelAndMatch(label, match string) error {
	if !model.LegacyValidation.IsValidLabelName(label) {
		return fmt.Errorf("label %q is no label name", label)
	}
	if match == "" {
		return fmt.Errorf("match must be given")
	}
	if _, err := regexp.Compile("^(?s:" + match + ")$"); err != nil {
		return fmt.Errorf("match %q: %w", match, err)
	}
	return nil
}
