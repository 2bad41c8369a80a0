// Loaded before every test file: Nest's decorators need the metadata API to exist first.
import 'reflect-metadata';
