package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/endscope/endscope/scopes"
)

// azureDefinitionJSON is a metric definition in answers.
type azureDefinitionJSON struct {
	ID                        string                  `json:"id"`
	ResourceID                string                  `json:"resourceId"`
	Namespace                 string                  `json:"namespace"`
	Name                      azureText               `json:"name"`
	DisplayDescription        string                  `json:"displayDescription"`
	Category                  string                  `json:"category"`
	MetricClass               string                  `json:"metricClass"`
	Unit                      string                  `json:"unit"`
	PrimaryAggregationType    scopes.Aggregation      `json:"primaryAggregationType"`
	SupportedAggregationTypes []scopes.Aggregation    `json:"supportedAggregationTypes"`
	MetricAvailabilities      []azureAvailabilityJSON `json:"metricAvailabilities"`
	IsDimensionRequired       bool                    `json:"isDimensionRequired"`
	Dimensions                []azureText             `json:"dimensions"`
}

// azureAvailabilityJSON is a length of window that may be asked for, and for how long samples are kept.
type azureAvailabilityJSON struct {
	TimeGrain string `json:"timeGrain"`
	Retention string `json:"retention,omitempty"`
}

// handleAzureDefinitions answers …/providers/microsoft.insights/metricDefinitions: what a resource, or those of a subscription, can be
// asked for.
func (s *Server) handleAzureDefinitions(w http.ResponseWriter, r *http.Request) error {
	p, err := readAzureParams(w, r, time.Now())
	if err != nil {
		return err
	}
	resource, err := azureResourceOf(r)
	if err != nil {
		return err
	}
	levels := []scopes.Level{scopes.LevelEndpoint, scopes.LevelDeployment}
	if resource.level() == "" {
		p.required("region", azureRegionRule)
	}
	if resource.level() != "" || p.text("metricnamespace") != "" {
		levels = []scopes.Level{p.namespace(resource.level(), "")}
	}
	if p.first != nil {
		return p.first
	}
	if err := s.requireAzure(r, resource); err != nil {
		return err
	}
	out := []azureDefinitionJSON{}
	for _, level := range levels {
		for _, def := range s.set.DrillDown.Definitions().AtLevel(level) {
			out = append(out, s.azureDefinition(resource.id, level, def))
		}
	}
	return writeJSON(w, map[string]any{"value": out})
}

// requireAzure returns an error unless something is stored for the resource. A subscription always exists.
func (s *Server) requireAzure(r *http.Request, resource azureResource) error {
	if resource.level() == "" {
		return nil
	}
	return s.set.DrillDown.RequireScope(r.Context(), scopes.Pattern(s.azureScope(r.Context(), resource.scope)))
}

func (s *Server) azureDefinition(id string, level scopes.Level, def *scopes.Definition) azureDefinitionJSON {
	out := azureDefinitionJSON{
		ID: id + "/providers/microsoft.insights/metricdefinitions/" + def.Name, ResourceID: id, Namespace: azureNamespace(level),
		Name: azureText{def.Name, def.DisplayName}, DisplayDescription: def.Description, Category: string(def.Category), MetricClass: azureClass(def),
		Unit: azureUnit(def.Unit), PrimaryAggregationType: def.Aggregations[0], SupportedAggregationTypes: def.Aggregations, Dimensions: []azureText{},
	}
	for _, g := range azureGrains {
		out.MetricAvailabilities = append(out.MetricAvailabilities, azureAvailabilityJSON{g.text, azureDurationText(s.set.Retention)})
	}
	for _, d := range def.Dimensions {
		out.Dimensions = append(out.Dimensions, azureText{d.Name, d.Name})
	}
	return out
}

// azureClass puts a metric into one of Azure's classes.
func azureClass(def *scopes.Definition) string {
	switch {
	case strings.Contains(def.Name, "Availability"):
		return "Availability"
	case strings.Contains(def.Name, "Error"):
		return "Errors"
	case def.Unit == scopes.UnitMilliseconds:
		return "Latency"
	case def.Category == scopes.CategoryTraffic:
		return "Transactions"
	}
	return "Saturation"
}

// azureDurationText writes a duration in whole days or seconds as ISO 8601 does, and "" for none.
func azureDurationText(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 0:
		return ""
	case d%day == 0:
		return fmt.Sprintf("P%dD", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("PT%dH", d/time.Hour)
	}
	return fmt.Sprintf("PT%dS", d/time.Second)
}

// azureNamespaceJSON is a metric namespace in answers.
type azureNamespaceJSON struct {
	ID             string                       `json:"id"`
	Type           string                       `json:"type"`
	Name           string                       `json:"name"`
	Classification string                       `json:"classification"`
	Properties     azureNamespacePropertiesJSON `json:"properties"`
}

type azureNamespacePropertiesJSON struct {
	MetricNamespaceName string `json:"metricNamespaceName"`
}

// handleAzureNamespaces answers …/providers/microsoft.insights/metricNamespaces: the one namespace of a resource. The definitions do not
// change with time, so startTime is read and says nothing.
func (s *Server) handleAzureNamespaces(w http.ResponseWriter, r *http.Request) error {
	p, err := readAzureParams(w, r, time.Now())
	if err != nil {
		return err
	}
	resource, err := azureResourceOf(r)
	if err != nil {
		return err
	}
	if text := p.text("startTime"); text != "" {
		p.time("startTime", text)
	}
	if resource.level() == "" {
		p.note(&azureError{http.StatusBadRequest, "BadRequest", "metric namespaces are those of an online endpoint or a deployment, and not of a subscription"})
	}
	if p.first != nil {
		return p.first
	}
	if err := s.requireAzure(r, resource); err != nil {
		return err
	}
	namespace := azureNamespace(resource.level())
	name := strings.ReplaceAll(namespace, "/", "-")
	return writeJSON(w, map[string]any{"value": []azureNamespaceJSON{{
		ID: resource.id + "/providers/microsoft.insights/metricNamespaces/" + name, Type: "Microsoft.Insights/metricNamespaces", Name: name,
		Classification: "Platform", Properties: azureNamespacePropertiesJSON{namespace},
	}}})
}
