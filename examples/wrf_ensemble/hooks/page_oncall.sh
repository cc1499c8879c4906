#!/bin/sh
# What is to be told comes in the environment; a real one sends it to somebody.
env | grep "^FUGLE_" | sort > "page-$$.txt"
