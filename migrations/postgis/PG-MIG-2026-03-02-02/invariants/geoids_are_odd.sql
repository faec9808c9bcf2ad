-- County codes within a state are odd numbers.
SELECT geoid FROM kfm_ref.county WHERE right(geoid, 1) NOT IN ('1', '3', '5', '7', '9');
