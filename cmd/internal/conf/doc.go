// Package conf turns a nested configuration struct into command-line flags, a strict YAML file and its documentation.
//
// It owns the spelling of keys and flags (`storage.out_of_order_window` in the file is `--storage.out-of-order-window` on the
// command line), the order of precedence (defaults, then the file, then flags), and the messages that name file, line, key,
// value and bound. It does not own any setting: structs, defaults and bounds belong to the packages that use them.
// It may import internal/config and nothing else of ours; only cmd may import it.
// A Loader is safe for concurrent Load calls once the command line has been parsed.
package conf
