// Package redact takes secrets out of text: of what a model server prints, and of what other parts of the agent quote of it.
//
// It owns what counts as a secret and where one ends (names, values, headers, URLs, keys that are known by their beginning, private keys over several lines), and the
// operator's own patterns. It does not own where text comes from or goes (agent/console). It may import internal/config.
//
// One walk over the words of a text finds all built-in kinds, in time that is linear in its length whatever the text is: clients decide what a server prints. Only the operator's patterns are regular expressions.
package redact
