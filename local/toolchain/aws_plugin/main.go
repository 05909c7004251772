// A Pulumi AWS plugin for machines that cannot download Pulumi's own: Pulumi's Terraform bridge
// in front of HashiCorp's AWS provider, as found in a provider mirror.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pulumi/pulumi-terraform-bridge/v3/dynamic/internal/shim/run"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/proto"
	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// providerPathVariable names HashiCorp's provider executable.
const providerPathVariable = "TERRAFORM_AWS_PROVIDER_PATH"

// version is set by the linker to that of the Pulumi SDK in use: the engine insists on equality.
var version = "0.0.0-dev"

func main() {
	if err := serve(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-aws:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context) error {
	path, err := providerPath()
	if err != nil {
		return err
	}
	server, err := run.LocalProvider(ctx, path)
	if err != nil {
		return fmt.Errorf("cannot start %s: %w", path, err)
	}
	defer server.Close()
	go endWithParent(server)

	provider, err := bridged(ctx, server)
	if err != nil {
		return err
	}
	if len(os.Args) == 2 && os.Args[1] == "describe" {
		return describe(os.Stdout, provider)
	}
	pfbridge.Main(ctx, "aws", provider, pfbridge.ProviderMetadata{XGetSchema: emptySchema})
	return nil
}

// endWithParent ends the plugin and its provider once the engine is gone, even if that was killed.
func endWithParent(server run.Provider) {
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	server.Close()
	os.Exit(1)
}

func providerPath() (string, error) {
	path := os.Getenv(providerPathVariable)
	if path == "" {
		return "", fmt.Errorf("%s is not set; "+
			"it must name the executable terraform-provider-aws_vX.Y.Z", providerPathVariable)
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return "", fmt.Errorf("%s is %q, where there is no file; "+
			"it must name the executable terraform-provider-aws_vX.Y.Z", providerPathVariable, path)
	}
	return path, nil
}

func bridged(ctx context.Context, server run.Provider) (tfbridge.ProviderInfo, error) {
	table, err := readTokens()
	if err != nil {
		return tfbridge.ProviderInfo{}, err
	}
	provider := tfbridge.ProviderInfo{
		P:              proto.New(ctx, server),
		Name:           "aws",
		Version:        version,
		ResourcePrefix: "aws",
		MetadataInfo:   &tfbridge.MetadataInfo{Data: tfbridge.ProviderMetadata(nil)},
		Config:         map[string]*tfbridge.SchemaInfo{"default_tags": {MaxItemsOne: tfbridge.True()}},
		Resources:      table.resources(),
		DataSources:    table.dataSources(),
	}
	provider.SetAutonaming(255, "-")
	return provider, nil
}

// emptySchema answers the engine, which asks but needs none for programs in a general language.
func emptySchema(context.Context, plugin.GetSchemaRequest) ([]byte, error) {
	return []byte("{}"), nil
}
