// Package config holds the two value types that every package's configuration speaks: FieldError, which names
// a bad key with its value and bound, and Bytes, a size with a unit.
//
// It owns no flags, no files and no defaults: cmd reads files and flags, each package owns its own Config,
// DefaultConfig and Validate. It imports nothing of ours and every package may import it.
package config
