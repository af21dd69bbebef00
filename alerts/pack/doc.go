// Package pack holds the ready-made alert rules for endpoints that serve models.
//
// It owns the rules (rules.yaml, embedded) with their parameters, and how they are made for a scope. The page of each rule for those on
// call is docs/runbooks/<id>.md. It does not own what a rule may hold (alerts) or where rules are stored (resources).
// It may import alerts and scopes. It must not import query, resources or web.
// All exported functions are safe for concurrent use.
package pack
