// Command cel-cost prints what kube-apiserver thinks the rules of a CustomResourceDefinition cost, as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"os"
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

// Rule is what one rule costs at most, evaluated for every item of the lists and maps around it.
type Rule struct {
	Version string `json:"version"`
	Path    string `json:"path"`
	Rule    string `json:"rule"`
	Cost    uint64 `json:"cost"`
	// Share is the part of the limit for one rule.
	Share float64 `json:"share"`
}

// Schema is what the rules of one version cost together.
type Schema struct {
	Version string `json:"version"`
	Cost    uint64 `json:"cost"`
	// Share is the part of the limit for a schema.
	Share float64 `json:"share"`
}

// Report is what is printed.
type Report struct {
	Rules   []Rule   `json:"rules"`
	Schemas []Schema `json:"schemas"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cel-cost CRD.yaml")
		os.Exit(2)
	}
	report, err := estimate(os.Args[1])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func estimate(file string) (Report, error) {
	// Lists that are empty, not null: readers count on them.
	report := Report{Rules: []Rule{}, Schemas: []Schema{}}
	text, err := os.ReadFile(file)
	if err != nil {
		return report, err
	}
	crd := v1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, &crd); err != nil {
		return report, fmt.Errorf("%s: %w", file, err)
	}
	for _, version := range crd.Spec.Versions {
		schema := apiextensions.JSONSchemaProps{}
		err := v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &schema, nil)
		if err != nil {
			return report, err
		}
		context := validation.RootCELContext(&schema)
		if err := report.visit(version.Name, "", &schema, context); err != nil {
			return report, err
		}
		report.Schemas = append(report.Schemas, Schema{
			Version: version.Name,
			Cost:    context.TotalCost.Total,
			Share:   float64(context.TotalCost.Total) / validation.StaticEstimatedCRDCostLimit,
		})
	}
	return report, nil
}

// visit walks the schema as kube-apiserver does when it validates a CustomResourceDefinition, and keeps what that throws away.
func (r *Report) visit(version, path string, schema *apiextensions.JSONSchemaProps, context *validation.CELSchemaContext) error {
	if err := r.observe(version, path, schema, context); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		child := name
		if path != "" {
			child = path + "." + name
		}
		if err := r.visit(version, child, &property, context.ChildPropertyContext(&property, name)); err != nil {
			return err
		}
	}
	if items := schema.Items; items != nil && items.Schema != nil {
		if err := r.visit(version, path+"[]", items.Schema, context.ChildItemsContext(items.Schema)); err != nil {
			return err
		}
	}
	if values := schema.AdditionalProperties; values != nil && values.Schema != nil {
		child := context.ChildAdditionalPropertiesContext(values.Schema)
		if err := r.visit(version, path+".*", values.Schema, child); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) observe(version, path string, schema *apiextensions.JSONSchemaProps, context *validation.CELSchemaContext) error {
	if len(schema.XValidations) == 0 {
		return nil
	}
	info, err := context.TypeInfo()
	if err != nil {
		return err
	}
	base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	results, err := cel.Compile(info.Schema, info.DeclType, celconfig.PerCallLimit, base, cel.NewExpressionsEnvLoader())
	if err != nil {
		return err
	}
	for i, result := range results {
		if result.Error != nil {
			return result.Error
		}
		times := result.MaxCardinality
		if context.MaxCardinality != nil {
			times = *context.MaxCardinality
		}
		cost := product(result.MaxCost, times)
		context.TotalCost.ObserveExpressionCost(nil, cost)
		r.Rules = append(r.Rules, Rule{
			Version: version,
			Path:    path,
			Rule:    schema.XValidations[i].Rule,
			Cost:    cost,
			Share:   float64(cost) / validation.StaticEstimatedCostLimit,
		})
	}
	return nil
}

// product stays at the largest number there is, where it would be beyond.
func product(a, b uint64) uint64 {
	if high, low := bits.Mul64(a, b); high == 0 {
		return low
	}
	return math.MaxUint64
}
