package main

import (
	"encoding/json"
	"io"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// property is what a Pulumi program sees of one Terraform attribute or block.
type property struct {
	Terraform  string              `json:"terraform"`
	Input      bool                `json:"input"`
	Required   bool                `json:"required"`
	Deprecated bool                `json:"deprecated"`
	List       bool                `json:"list"`
	Properties map[string]property `json:"properties,omitempty"`
}

type description struct {
	Resources   map[string]map[string]property `json:"resources"`
	DataSources map[string]map[string]property `json:"dataSources"`
}

// describe prints the properties of every mapped token as JSON. The project's tests compare them
// with those of Pulumi's AWS SDK.
func describe(out io.Writer, provider tfbridge.ProviderInfo) error {
	all := description{
		Resources:   map[string]map[string]property{},
		DataSources: map[string]map[string]property{},
	}
	for name, info := range provider.Resources {
		if resource, ok := provider.P.ResourcesMap().GetOk(name); ok {
			all.Resources[string(info.Tok)] = properties(resource.Schema(), info.Fields)
		}
	}
	for name, info := range provider.DataSources {
		if source, ok := provider.P.DataSourcesMap().GetOk(name); ok {
			all.DataSources[string(info.Tok)] = properties(source.Schema(), info.Fields)
		}
	}
	return json.NewEncoder(out).Encode(all)
}

func properties(schema shim.SchemaMap, infos map[string]*tfbridge.SchemaInfo) map[string]property {
	found := map[string]property{}
	schema.Range(func(name string, attribute shim.Schema) bool {
		found[tfbridge.TerraformToPulumiNameV2(name, schema, infos)] = describeOne(name, attribute, infos[name])
		return true
	})
	return found
}

func describeOne(name string, attribute shim.Schema, info *tfbridge.SchemaInfo) property {
	many := attribute.Type() == shim.TypeList || attribute.Type() == shim.TypeSet
	one := property{
		Terraform:  name,
		Input:      attribute.Optional() || attribute.Required(),
		Required:   attribute.Required(),
		Deprecated: attribute.Deprecated() != "" || attribute.Removed() != "",
		List:       many && !tfbridge.IsMaxItemsOne(attribute, info),
	}
	if block, ok := attribute.Elem().(shim.Resource); ok {
		var nested map[string]*tfbridge.SchemaInfo
		if info != nil && info.Elem != nil {
			nested = info.Elem.Fields
		}
		one.Properties = properties(block.Schema(), nested)
	}
	return one
}
