// Command argocd compares the manifests on its standard input with a cluster, or syncs them to it, as Argo CD's application
// controller does for an Application that was made from them, and prints the outcome as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubectl/pkg/util/openapi"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// What an Application is called decides the annotation by which Argo CD knows its objects again.
const application = "app"

// Options are those of an Application, by their names there.
type options struct {
	serverSideDiff           bool
	serverSideApply          bool
	respectIgnoreDifferences bool
	ignoreDifferences        []v1alpha1.ResourceIgnoreDifferences
}

// App is an Application with everything that the controller knows of it when it compares or syncs.
type app struct {
	options options
	// What Git says, and in the same places what the cluster has: nil where it has nothing.
	targets, lives []*unstructured.Unstructured
	config         *rest.Config
	kubectl        *kube.KubectlCmd
	schema         openapi.Resources
	parser         *managedfields.GvkParser
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of a kubeconfig")
	options := options{}
	flag.BoolVar(&options.serverSideDiff, "server-side-diff", false, "as with the annotation ServerSideDiff=true")
	flag.BoolVar(&options.serverSideApply, "server-side-apply", false, "as with the sync option ServerSideApply=true")
	flag.BoolVar(&options.respectIgnoreDifferences, "respect-ignore-differences", false,
		"as with the sync option RespectIgnoreDifferences=true")
	ignore := flag.String("ignore-differences", "[]", "spec.ignoreDifferences, as JSON")
	flag.Parse()
	logrus.SetOutput(io.Discard)
	err := json.Unmarshal([]byte(*ignore), &options.ignoreDifferences)
	var outcome any
	if err == nil {
		outcome, err = run(context.Background(), flag.Arg(0), *kubeconfig, options)
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(outcome)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command, kubeconfig string, options options) (any, error) {
	app, err := load(ctx, kubeconfig, options)
	if err != nil {
		return nil, err
	}
	switch command {
	case "diff":
		return app.diff()
	case "sync":
		return app.sync()
	}
	return nil, errors.New("usage: argocd [flags] diff|sync <manifests.yaml")
}

func load(ctx context.Context, kubeconfig string, options options) (*app, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	kubectl := &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}
	schema, parser, err := kubectl.LoadOpenAPISchema(config)
	if err != nil {
		return nil, err
	}
	manifests, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	targets, err := kube.SplitYAML(manifests)
	if err != nil {
		return nil, err
	}
	app := &app{options: options, targets: targets, config: config, kubectl: kubectl, schema: schema, parser: parser}
	for _, target := range targets {
		if err := track(target); err != nil {
			return nil, err
		}
		live, err := kubectl.GetResource(ctx, config, target.GroupVersionKind(), target.GetName(), target.GetNamespace())
		if apierrors.IsNotFound(err) {
			live = nil
		} else if err != nil {
			return nil, err
		}
		app.lives = append(app.lives, live)
	}
	return app, nil
}

// track marks an object as the repository server does, so that the controller knows whose it is.
func track(target *unstructured.Unstructured) error {
	return argo.NewResourceTracking().SetAppInstance(
		target, common.LabelKeyAppInstance, application, target.GetNamespace(), v1alpha1.TrackingMethodAnnotation, "")
}
