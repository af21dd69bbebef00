package scopes

import (
	"fmt"
	"strings"
)

// The labels that give a series its place. Every series of an instance carries all three.
const (
	LabelEndpoint   = "endpoint"
	LabelDeployment = "deployment"
	LabelInstance   = "instance"
)

// Level is the depth of a scope: endpoint, deployment or instance. Its text is also the name of the label that holds
// the name at that depth.
type Level string

// The levels, outermost first.
const (
	LevelEndpoint   Level = LabelEndpoint
	LevelDeployment Level = LabelDeployment
	LevelInstance   Level = LabelInstance
)

// Levels returns the three levels, outermost first. The caller owns the slice.
func Levels() []Level { return []Level{LevelEndpoint, LevelDeployment, LevelInstance} }

// Depth returns 1 for an endpoint, 2 for a deployment, 3 for an instance, and 0 for anything else.
func (l Level) Depth() int {
	switch l {
	case LevelEndpoint:
		return 1
	case LevelDeployment:
		return 2
	case LevelInstance:
		return 3
	}
	return 0
}

// The longest names, in bytes (all allowed characters are one byte long).
const (
	maxName         = 63
	maxInstanceName = 128
)

// NameError says that a name breaks the rule of its level. Value is what was given, Rule is the whole rule.
type NameError struct {
	Level Level
	Value string
	Rule  string
}

func (e *NameError) Error() string {
	value := e.Value
	if len(value) > 160 {
		value = value[:160] + "…"
	}
	return fmt.Sprintf("%s name %q: must be %s", e.Level, value, e.Rule)
}

// ValidateName checks a name against the rule of its level: 1 to 63 (endpoint, deployment) or 1 to 128 (instance) of
// `[A-Za-z0-9._-]`, for instances also `:`, starting with a letter or digit. It returns a *NameError that names the value and the rule.
func ValidateName(level Level, value string) error {
	limit, extra := maxName, ""
	switch level {
	case LevelEndpoint, LevelDeployment:
	case LevelInstance:
		limit, extra = maxInstanceName, ":"
	default:
		return fmt.Errorf("level %q: must be one of endpoint, deployment, instance", string(level))
	}
	ok := value != "" && len(value) <= limit && alphanumeric(value[0])
	for i := 1; ok && i < len(value); i++ {
		ok = alphanumeric(value[i]) || strings.IndexByte("._-"+extra, value[i]) >= 0
	}
	if ok {
		return nil
	}
	return &NameError{Level: level, Value: value, Rule: fmt.Sprintf(
		"1 to %d characters of A-Z a-z 0-9 . _ -%s, starting with a letter or digit", limit, map[bool]string{true: " " + extra}[extra != ""])}
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
