package pack_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/scopes"
)

// The tables of rules and parameters on the page are made from the rules.
func TestTablesOfThePage(t *testing.T) {
	p := load(t)
	var rules, parameters strings.Builder
	rules.WriteString("| id | what it tells | level | severity | asked | parameters |\n|---|---|---|---|---|---|\n")
	parameters.WriteString("| rule | parameter | default | bounds | what it is |\n|---|---|---|---|---|\n")
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for _, e := range p.Entries() {
		rule, err := p.Rule(e, pack.Choice{Scope: scopes.Pattern{Endpoint: endpoint}})
		require.NoError(t, err)
		severity, asked := strconv.Itoa(rule.Severity), alerts.FormatDuration(rule.EvaluationFrequency)
		if rule.Kind == alerts.KindPrometheus {
			severity, asked = ofGroup(t, rule.Group)
		}
		var names []string
		for _, param := range e.Parameters {
			names = append(names, "`"+param.Name+"`")
			fmt.Fprintf(&parameters, "| `%s` | `%s` | %s | %s to %s %s | %s |\n", e.ID, param.Name, number(param.Default), number(param.Min), number(param.Max), param.Unit, param.Description)
		}
		fmt.Fprintf(&rules, "| [`%s`](../runbooks/%s.md) | %s: %s | %s | %s | %s | %s |\n", e.ID, e.ID, e.Title, e.Description, e.Level, severity, asked, strings.Join(names, ", "))
	}
	golden(t, "rules", rules.String())
	golden(t, "parameters", parameters.String())
}

// ofGroup returns the severities of a group's alerts and how often it is asked.
func ofGroup(t *testing.T, group json.RawMessage) (severity, asked string) {
	t.Helper()
	var g struct {
		Interval string
		Rules    []struct{ Labels map[string]string }
	}
	require.NoError(t, json.Unmarshal(group, &g))
	var all []string
	for _, r := range g.Rules {
		require.Contains(t, []string{"critical", "error", "warning", "info"}, r.Labels["severity"])
		all = append(all, strconv.Itoa(alerts.SeverityOf(r.Labels["severity"])))
	}
	return strings.Join(all, ", "), "PT" + strings.ToUpper(g.Interval)
}
