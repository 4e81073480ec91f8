/** Of the Kubernetes client only what reads kubeconfigs. Named, so that a bundle has nothing else of it. */
export { KubeConfig, loadYaml } from '@kubernetes/client-node';
