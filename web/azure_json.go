package web

import (
	"strings"

	"github.com/endscope/endscope/scopes"
)

// azureMetricJSON is one metric of one resource in answers.
type azureMetricJSON struct {
	ID                 string            `json:"id"`
	Type               string            `json:"type"`
	Name               azureText         `json:"name"`
	DisplayDescription string            `json:"displayDescription"`
	ErrorCode          string            `json:"errorCode"` // Success, or why there is nothing
	ErrorMessage       string            `json:"errorMessage,omitempty"`
	Unit               string            `json:"unit"`
	Timeseries         []azureSeriesJSON `json:"timeseries"`
}

// azureText is a word for programs and for people.
type azureText struct {
	Value          string `json:"value"`
	LocalizedValue string `json:"localizedValue"`
}

// azureSeriesJSON is one series in answers, with the values of the dimensions that split. A request for metadata gets no data.
type azureSeriesJSON struct {
	Metadatavalues []azureMetadataJSON `json:"metadatavalues,omitempty"`
	Data           []azurePointJSON    `json:"data,omitempty"`
}

type azureMetadataJSON struct {
	Name  azureText `json:"name"`
	Value string    `json:"value"`
}

// azurePointJSON is one window in answers. An aggregation that was not asked for, or has no data, is absent.
type azurePointJSON struct {
	TimeStamp string   `json:"timeStamp"`
	Average   *float64 `json:"average,omitempty"`
	Minimum   *float64 `json:"minimum,omitempty"`
	Maximum   *float64 `json:"maximum,omitempty"`
	Total     *float64 `json:"total,omitempty"`
	Count     *float64 `json:"count,omitempty"`
}

func (p *azurePointJSON) set(a scopes.Aggregation, v *float64) {
	switch a {
	case scopes.Average:
		p.Average = v
	case scopes.Minimum:
		p.Minimum = v
	case scopes.Maximum:
		p.Maximum = v
	case scopes.Total:
		p.Total = v
	case scopes.Count:
		p.Count = v
	}
}

// azureUnit spells a unit as Azure's answers do, which know fewer of them than the catalogue.
func azureUnit(u scopes.Unit) string {
	for _, known := range [...]string{"Count", "Bytes", "Seconds", "CountPerSecond", "BytesPerSecond", "Percent", "MilliSeconds"} {
		if strings.EqualFold(known, string(u)) {
			return known
		}
	}
	return "Unspecified"
}

// newAzureMetric returns a metric without series of a resource, and why it has none: err may be nil.
func newAzureMetric(id string, def *scopes.Definition, err error) azureMetricJSON {
	m := azureMetricJSON{
		ID: id + "/providers/Microsoft.Insights/metrics/" + def.Name, Type: "Microsoft.Insights/metrics", Name: azureText{def.Name, def.DisplayName},
		DisplayDescription: def.Description, ErrorCode: "Success", Unit: azureUnit(def.Unit), Timeseries: []azureSeriesJSON{},
	}
	if err != nil {
		p, _ := problemOf(err)
		_, e := p.azure()
		m.ErrorCode, m.ErrorMessage = e.Code, e.Message
	}
	return m
}
