package contract

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"balcao/sync/wire"
)

func violation(pointer, code, detail string) wire.Violation {
	found := wire.Violation{Pointer: pointer, Code: code}
	if detail != "" {
		found.Detail = &detail
	}
	return found
}

// violationsOf flattens the library's tree of errors; nil gives none.
func violationsOf(err error) []wire.Violation {
	var found []wire.Violation
	var leaf *openapi3.SchemaError
	for ; err != nil; err = errors.Unwrap(err) {
		switch one := err.(type) {
		case openapi3.MultiError:
			for _, each := range one {
				found = append(found, violationsOf(each)...)
			}
			return found
		case *openapi3.SchemaError:
			leaf = one
		case *openapi3filter.RequestError:
			if one.Parameter != nil {
				return []wire.Violation{parameterViolation(one)}
			}
		case *openapi3filter.ResponseError:
			if one.Err == nil {
				return []wire.Violation{violation("", "invalid-answer", one.Reason)}
			}
		}
		if errors.Unwrap(err) == nil && leaf == nil {
			return []wire.Violation{violation("", "invalid", err.Error())}
		}
	}
	if leaf != nil {
		found = append(found, schemaViolation(leaf))
	}
	return found
}

func parameterViolation(err *openapi3filter.RequestError) wire.Violation {
	code := "invalid-parameter"
	if errors.Is(err, openapi3filter.ErrInvalidRequired) {
		code = wire.CodeRequiredField
	}
	return violation("", code, fmt.Sprintf("%s in %s", err.Parameter.Name, err.Parameter.In))
}

func schemaViolation(err *openapi3.SchemaError) wire.Violation {
	code := "invalid-" + strings.ToLower(err.SchemaField)
	if err.SchemaField == "required" {
		code = wire.CodeRequiredField
	}
	return violation(pointer(err.JSONPointer()), code, err.Reason)
}

// pointer joins tokens as RFC 6901 writes them.
func pointer(tokens []string) string {
	var text strings.Builder
	for _, token := range tokens {
		text.WriteString("/" + escapeToken(token))
	}
	return text.String()
}

func escapeToken(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}

// unknownFields lists the fields of value that its schema does not name.
func unknownFields(schema *openapi3.Schema, value any, at string) []wire.Violation {
	var found []wire.Violation
	switch value := value.(type) {
	case []any:
		if schema.Items == nil {
			return nil
		}
		for i, each := range value {
			found = append(found, unknownFields(schema.Items.Value, each, fmt.Sprintf("%s/%d", at, i))...)
		}
	case map[string]any:
		known := propertiesOf(schema)
		if len(known) == 0 {
			return nil // a free object
		}
		for name, each := range value {
			here := at + "/" + escapeToken(name)
			property := known[name]
			if property == nil {
				found = append(found, violation(here, "unknown-field", ""))
				continue
			}
			found = append(found, unknownFields(property.Value, each, here)...)
		}
		slices.SortFunc(found, func(a, b wire.Violation) int { return strings.Compare(a.Pointer, b.Pointer) })
	}
	return found
}

// propertiesOf gathers the properties of a schema and of all it is made of.
func propertiesOf(schema *openapi3.Schema) openapi3.Schemas {
	known := openapi3.Schemas{}
	for name, property := range schema.Properties {
		known[name] = property
	}
	for _, part := range schema.AllOf {
		for name, property := range propertiesOf(part.Value) {
			known[name] = property
		}
	}
	return known
}
