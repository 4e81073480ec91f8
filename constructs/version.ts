/** The version of this package, its manifests and its image. */
export const VERSION = '0.1.0';
