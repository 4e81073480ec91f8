export * from './admission-server.js';
export * from './app.js';
export * from './review.js';
export * from './tls.js';
