package config

// Secret is a value of a configuration that is never shown: wherever a configuration that is in force is printed, SecretMask stands in
// its place. Convert it to a string to use it.
type Secret string

// SecretMask is what is shown in the place of a secret.
const SecretMask = "<secret>"

// String returns SecretMask, or nothing where there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return SecretMask
}

// GoString is String: no way of printing shows it.
func (s Secret) GoString() string { return s.String() }
