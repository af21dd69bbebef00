package ingest

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/scopes"
)

// identityCache is what was found out about the identity of the row before: the rows of a request have few.
type identityCache struct {
	known   bool
	given   rowIdentity // as the row had it
	is      rowIdentity // with what the resource id adds
	problem fault       // no reason: the row may be stored
}

// rowIdentity is where a row belongs. Missing names are "".
type rowIdentity struct {
	endpoint, deployment, instance, resource, subscription string
	workspace                                              string // of the resource id
}

// identify completes the names of endpoint and deployment from the resource id, and refuses rows whose names break the rules, that
// contradict themselves, or that the sender may not write. A row without an endpoint belongs to no scope and is welcome to those who
// may write everywhere; its deployment and instance are then any names.
func (b *logBatch) identify() {
	roles := &b.t.roles
	given := rowIdentity{b.textOf(roles.endpoint), b.textOf(roles.deployment), b.textOf(roles.instance), b.textOf(roles.resource), b.textOf(roles.subscription), ""}
	c := &b.identity
	if !c.known || c.given != given {
		*c = identityCache{known: true, given: given, is: given}
		c.problem = b.resolveIdentity(&c.is)
	}
	if c.problem.reason != "" {
		b.cause = c.problem
		return
	}
	b.complete(roles.endpoint, given.endpoint, c.is.endpoint)
	b.complete(roles.deployment, given.deployment, c.is.deployment)
	b.complete(roles.subscription, given.subscription, c.is.subscription)
	if given.resource != "" {
		b.complete(roles.azureSubscription, b.textOf(roles.azureSubscription), c.is.subscription)
		b.complete(roles.azureWorkspace, b.textOf(roles.azureWorkspace), c.is.workspace)
	}
}

func (b *logBatch) complete(column int, given, is string) {
	if given == "" && is != "" && column >= 0 {
		b.setString(column, is)
	}
}

func (b *logBatch) resolveIdentity(is *rowIdentity) fault {
	if is.resource != "" {
		of := parseResourceID(is.resource)
		is.workspace = of.workspace
		for _, x := range []struct {
			column string
			given  *string
			named  string
		}{{columnEndpoint, &is.endpoint, of.endpoint}, {columnDeployment, &is.deployment, of.deployment}, {columnSubscription, &is.subscription, of.subscription}} {
			switch {
			case *x.given == "":
				*x.given = x.named
			case x.named != "" && !strings.EqualFold(x.named, *x.given):
				return fault{ReasonIdentity, x.column, []byte(*x.given), fmt.Sprintf("is not what _ResourceId names, %q", clip([]byte(x.named)))}
			}
		}
	}
	if is.endpoint != "" {
		for _, x := range []struct {
			level        scopes.Level
			column, name string
		}{{scopes.LevelEndpoint, columnEndpoint, is.endpoint}, {scopes.LevelDeployment, columnDeployment, is.deployment}, {scopes.LevelInstance, columnInstance, is.instance}} {
			if x.name == "" {
				continue
			}
			if err := scopes.ValidateName(x.level, x.name); err != nil {
				return fault{ReasonIdentity, x.column, nil, err.Error()}
			}
		}
	}
	if b.grants.All() {
		return fault{}
	}
	scope := scopes.Path{Endpoint: is.endpoint}
	if scope.Endpoint != "" {
		if scope.Deployment = is.deployment; scope.Deployment != "" {
			scope.Instance = is.instance
		}
		if b.grants.Allows(scope) {
			return fault{}
		}
		return fault{ReasonScope, "", []byte(scope.String()), "is a scope that the sender may not write"}
	}
	return fault{ReasonScope, "", nil, "the row names no endpoint, and the sender may not write everywhere"}
}

// parseResourceID reads the names in an Azure resource id, in which the words before them may have any case:
// /subscriptions/{id}/…/workspaces/{name}/onlineEndpoints/{endpoint}/deployments/{deployment}.
func parseResourceID(id string) (of rowIdentity) {
	rest := id
	word := ""
	for rest != "" {
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		switch {
		case strings.EqualFold(word, "subscriptions") && of.subscription == "":
			of.subscription = segment
		case strings.EqualFold(word, "workspaces") && of.workspace == "":
			of.workspace = segment
		case strings.EqualFold(word, "onlineEndpoints") && of.endpoint == "":
			of.endpoint = segment
		case strings.EqualFold(word, "deployments") && of.endpoint != "" && of.deployment == "":
			of.deployment = segment
		default:
			word = segment
			continue
		}
		word = ""
	}
	return of
}
