package main

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

//go:embed tokens.json
var tokensJSON []byte

// tokenTable says which Terraform type is behind which Pulumi token, and where a field's name or
// shape in Pulumi's AWS SDK is not the one the bridge would choose by itself.
type tokenTable struct {
	Resources   map[string]string           `json:"resources"`
	DataSources map[string]string           `json:"dataSources"`
	Fields      map[string]map[string]field `json:"fields"`
}

// field overrides the bridge's choices for one Terraform attribute or block.
type field struct {
	Name     string           `json:"name"`
	AutoName bool             `json:"autoName"`
	Single   *bool            `json:"single"`
	Fields   map[string]field `json:"fields"`
}

func readTokens() (tokenTable, error) {
	var table tokenTable
	if err := json.Unmarshal(tokensJSON, &table); err != nil {
		return table, fmt.Errorf("tokens.json: %w", err)
	}
	return table, nil
}

func (t tokenTable) resources() map[string]*tfbridge.ResourceInfo {
	infos := map[string]*tfbridge.ResourceInfo{}
	for name, token := range t.Resources {
		infos[name] = &tfbridge.ResourceInfo{Tok: tokens.Type(token), Fields: schemas(t.Fields[name])}
	}
	return infos
}

func (t tokenTable) dataSources() map[string]*tfbridge.DataSourceInfo {
	infos := map[string]*tfbridge.DataSourceInfo{}
	for name, token := range t.DataSources {
		infos[name] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(token), Fields: schemas(t.Fields[name])}
	}
	return infos
}

func schemas(fields map[string]field) map[string]*tfbridge.SchemaInfo {
	infos := map[string]*tfbridge.SchemaInfo{}
	for name, field := range fields {
		infos[name] = field.schema()
	}
	return infos
}

func (f field) schema() *tfbridge.SchemaInfo {
	if f.AutoName {
		return tfbridge.AutoName(f.Name, 255, "-")
	}
	info := &tfbridge.SchemaInfo{Name: f.Name, MaxItemsOne: f.Single}
	if len(f.Fields) > 0 {
		info.Elem = &tfbridge.SchemaInfo{Fields: schemas(f.Fields)}
	}
	return info
}
