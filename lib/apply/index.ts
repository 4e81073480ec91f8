export * from './course.js';
export * from './resource-managers.js';
