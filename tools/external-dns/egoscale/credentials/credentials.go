// Package credentials stands in for a package of the same SDK.
package credentials

type Credentials struct{}

func NewStaticCredentials(string, string) *Credentials { return &Credentials{} }
